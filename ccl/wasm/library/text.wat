;; Strings: UTF-8 with the number of code points beside the number of bytes.

;; Room for $bytes bytes, and what the block has beyond; code points are not set.
(func $text_new (param $bytes i32) (param $site i32) (result i32)
  (local $text i32)
  (local.set $text (call $new
    (i32.add (local.get $bytes) (i32.const 16)) (local.get $site)))
  (i32.store offset=8 (local.get $text) (local.get $bytes))
  (local.get $text))

;; A text of bytes that are known to be UTF-8.
(func $text_of (param $bytes i32) (param $length i32) (param $points i32) (param $site i32) (result i32)
  (local $text i32)
  (local.set $text (call $text_new (local.get $length) (local.get $site)))
  (i32.store offset=12 (local.get $text) (local.get $points))
  (memory.copy (i32.add (local.get $text) (i32.const 16)) (local.get $bytes) (local.get $length))
  (local.get $text))

;; $left is consumed, $right is not. A left side that nobody else holds grows in place.
(func $text_append (param $left i32) (param $right i32) (param $site i32) (result i32)
  (local $length i32) (local $more i32) (local $points i32) (local $room i32) (local $text i32)
  ;; a left side that is copied, not grown; until then the null object
  (local $shared i32)
  (local.set $more (i32.load offset=8 (local.get $right)))
  (if (i32.eqz (local.get $more)) (then (return (local.get $left))))
  (local.set $length (i32.load offset=8 (local.get $left)))
  (local.set $points (i32.add
    (i32.load offset=12 (local.get $left)) (i32.load offset=12 (local.get $right))))
  (local.set $room (i32.add (i32.const 8) (i32.add (local.get $length) (local.get $more))))
  (if (i32.and
        (i32.eq (i32.load (local.get $left)) (i32.const 1))
        (i32.ne (local.get $left) (local.get $right)))
    (then
      (local.set $text (local.get $left))
      (if (i32.lt_u (call $room_of (local.get $text)) (local.get $room))
        (then (local.set $text
          (call $resize (local.get $left) (local.get $room) (local.get $site))))))
    (else
      (local.set $shared (local.get $left))
      (local.set $text (call $text_new
        (i32.add (local.get $length) (local.get $more)) (local.get $site)))
      (memory.copy
        (i32.add (local.get $text) (i32.const 16))
        (i32.add (local.get $left) (i32.const 16))
        (local.get $length))))
  (memory.copy
    (i32.add (i32.add (local.get $text) (i32.const 16)) (local.get $length))
    (i32.add (local.get $right) (i32.const 16))
    (local.get $more))
  (call $release (local.get $shared))
  (i32.store offset=12 (local.get $text) (local.get $points))
  (i32.store offset=8 (local.get $text) (i32.add (local.get $length) (local.get $more)))
  (local.get $text))

(func $text_equal (param $a i32) (param $b i32) (result i32)
  (local $left i32)
  (if (i32.eq (local.get $a) (local.get $b)) (then (return (i32.const 1))))
  (local.set $left (i32.load offset=8 (local.get $a)))
  (if (i32.ne (local.get $left) (i32.load offset=8 (local.get $b)))
    (then (return (i32.const 0))))
  (block $tail
    (loop $next
      (br_if $tail (i32.lt_u (local.get $left) (i32.const 8)))
      (if (i64.ne (i64.load offset=16 (local.get $a)) (i64.load offset=16 (local.get $b)))
        (then (return (i32.const 0))))
      (local.set $a (i32.add (local.get $a) (i32.const 8)))
      (local.set $b (i32.add (local.get $b) (i32.const 8)))
      (local.set $left (i32.sub (local.get $left) (i32.const 8)))
      (br $next)))
  (if (i32.eqz (local.get $left)) (then (return (i32.const 1))))
  ;; blocks are whole words, so the last word can be read; what is beyond the text is shifted out
  (i64.eqz (i64.shl
    (i64.xor (i64.load offset=16 (local.get $a)) (i64.load offset=16 (local.get $b)))
    (i64.extend_i32_u (i32.sub (i32.const 64) (i32.shl (local.get $left) (i32.const 3)))))))

;; By bytes: negative, 0 or positive.
(func $bytes_compare (param $a i32) (param $a_length i32) (param $b i32) (param $b_length i32) (result i32)
  (local $left i32) (local $order i32)
  (local.set $left (select (local.get $a_length) (local.get $b_length)
    (i32.lt_u (local.get $a_length) (local.get $b_length))))
  (block $done
    (loop $next
      (br_if $done (i32.eqz (local.get $left)))
      (local.set $order (i32.sub (i32.load8_u (local.get $a)) (i32.load8_u (local.get $b))))
      (if (local.get $order) (then (return (local.get $order))))
      (local.set $a (i32.add (local.get $a) (i32.const 1)))
      (local.set $b (i32.add (local.get $b) (i32.const 1)))
      (local.set $left (i32.sub (local.get $left) (i32.const 1)))
      (br $next)))
  (i32.sub (local.get $a_length) (local.get $b_length)))

(func $text_compare (param $a i32) (param $b i32) (result i32)
  (call $bytes_compare
    (i32.add (local.get $a) (i32.const 16)) (i32.load offset=8 (local.get $a))
    (i32.add (local.get $b) (i32.const 16)) (i32.load offset=8 (local.get $b))))

;; Code points from $start up to $end, which are in range and in order.
(func $text_substring (param $text i32) (param $start i64) (param $end i64) (param $site i32) (result i32)
  (local $from i32) (local $to i32)
  (local.set $from (call $text_offset (local.get $text) (i32.wrap_i64 (local.get $start))))
  (local.set $to (call $text_offset (local.get $text) (i32.wrap_i64 (local.get $end))))
  (call $text_of
    (i32.add (i32.add (local.get $text) (i32.const 16)) (local.get $from))
    (i32.sub (local.get $to) (local.get $from))
    (i32.wrap_i64 (i64.sub (local.get $end) (local.get $start)))
    (local.get $site)))

;; The text of one code point, which is valid: its bytes by UTF-8, the first one lowest.
(func $text_from_code_point (param $point i32) (param $site i32) (result i32)
  (local $bytes i32) (local $length i32) (local $text i32)
  (local.set $length (i32.const 1))
  (local.set $bytes (local.get $point))
  (if (i32.ge_u (local.get $point) (i32.const 0x80))
    (then
      (local.set $length (i32.const 2))
      (local.set $bytes (i32.or
        (i32.or (i32.const 0x80C0) (i32.shr_u (local.get $point) (i32.const 6)))
        (i32.shl (i32.and (local.get $point) (i32.const 0x3F)) (i32.const 8))))))
  (if (i32.ge_u (local.get $point) (i32.const 0x800))
    (then
      (local.set $length (i32.const 3))
      (local.set $bytes (i32.or
        (i32.or (i32.const 0x8080E0) (i32.shr_u (local.get $point) (i32.const 12)))
        (i32.or
          (i32.and (i32.shl (local.get $point) (i32.const 2)) (i32.const 0x3F00))
          (i32.shl (i32.and (local.get $point) (i32.const 0x3F)) (i32.const 16)))))))
  (if (i32.ge_u (local.get $point) (i32.const 0x10000))
    (then
      (local.set $length (i32.const 4))
      (local.set $bytes (i32.or
        (i32.or (i32.const 0x808080F0) (i32.shr_u (local.get $point) (i32.const 18)))
        (i32.or
          (i32.and (i32.shr_u (local.get $point) (i32.const 4)) (i32.const 0x3F00))
          (i32.or
            (i32.and (i32.shl (local.get $point) (i32.const 10)) (i32.const 0x3F0000))
            (i32.shl (i32.and (local.get $point) (i32.const 0x3F)) (i32.const 24))))))))
  (local.set $text (call $text_new (i32.const 4) (local.get $site)))
  (i32.store offset=16 (local.get $text) (local.get $bytes))
  (i32.store offset=8 (local.get $text) (local.get $length))
  (i32.store offset=12 (local.get $text) (i32.const 1))
  (local.get $text))

;; The code point that starts at byte $at, as a text. One of a single byte is written at once.
(func $text_point (param $text i32) (param $at i32) (param $site i32) (result i32)
  (local $byte i32) (local $point i32)
  (local.set $text (i32.add (local.get $text) (local.get $at)))
  (local.set $byte (i32.load8_u offset=16 (local.get $text)))
  (if (i32.ge_u (local.get $byte) (i32.const 0x80))
    (then (return (call $text_of
      (i32.add (local.get $text) (i32.const 16))
      (call $point_bytes (local.get $byte))
      (i32.const 1)
      (local.get $site)))))
  (local.set $point (call $new (i32.const 24) (local.get $site)))
  (i64.store offset=8 (local.get $point) (i64.const 0x100000001))
  (i64.store offset=16 (local.get $point) (i64.extend_i32_u (local.get $byte)))
  (local.get $point))

;; The first byte offset at or after $at where $needle stands, or -1.
(func $text_find (param $text i32) (param $needle i32) (param $at i32) (result i32)
  (local $last i32) (local $length i32)
  (local.set $length (i32.load offset=8 (local.get $needle)))
  (local.set $last (i32.sub (i32.load offset=8 (local.get $text)) (local.get $length)))
  (block $absent
    (loop $next
      (br_if $absent (i32.gt_s (local.get $at) (local.get $last)))
      (if (i32.eqz (call $bytes_compare
            (i32.add (i32.add (local.get $text) (i32.const 16)) (local.get $at)) (local.get $length)
            (i32.add (local.get $needle) (i32.const 16)) (local.get $length)))
        (then (return (local.get $at))))
      (local.set $at (i32.add (local.get $at) (i32.const 1)))
      (br $next)))
  (i32.const -1))

(func $text_contains (param $text i32) (param $needle i32) (result i32)
  (i32.ne (i32.const -1) (call $text_find (local.get $text) (local.get $needle) (i32.const 0))))

;; By code points, from $from on (below 0: from the beginning); -1 if it is nowhere.
(func $text_index_of (param $text i32) (param $needle i32) (param $from i64) (result i64)
  (local $at i32) (local $cursor i32) (local $start i32)
  (if (i64.lt_s (local.get $from) (i64.const 0)) (then (local.set $from (i64.const 0))))
  (if (i64.gt_s (local.get $from) (i64.load32_u offset=12 (local.get $text)))
    (then (return (i64.const -1))))
  (local.set $at (call $text_find (local.get $text) (local.get $needle)
    (call $text_offset (local.get $text) (i32.wrap_i64 (local.get $from)))))
  (if (i32.eq (local.get $at) (i32.const -1)) (then (return (i64.const -1))))
  (if (i32.eq (i32.load offset=8 (local.get $text)) (i32.load offset=12 (local.get $text)))
    (then (return (i64.extend_i32_u (local.get $at)))))
  ;; the cursor is at $from
  (local.set $cursor (call $cursor_of (local.get $text)))
  (local.set $start (i32.add (local.get $text) (i32.const 16)))
  (i32.store offset=4 (local.get $cursor) (i32.add
    (i32.load offset=4 (local.get $cursor))
    (call $points_between
      (i32.add (local.get $start) (i32.load offset=8 (local.get $cursor)))
      (i32.add (local.get $start) (local.get $at)))))
  (i32.store offset=8 (local.get $cursor) (local.get $at))
  (i64.load32_u offset=4 (local.get $cursor)))

;; The number of code points of well-formed UTF-8, or -1.
(func $utf8_points (param $at i32) (param $length i32) (result i32)
  (local $end i32) (local $points i32) (local $byte i32) (local $more i32) (local $low i32) (local $high i32)
  (local.set $end (i32.add (local.get $at) (local.get $length)))
  (block $done
    (loop $next
      ;; eight ASCII bytes at once
      (if (i32.ge_u (i32.sub (local.get $end) (local.get $at)) (i32.const 8))
        (then
          (if (i64.eqz (i64.and (i64.load (local.get $at)) (i64.const 0x8080808080808080)))
            (then
              (local.set $at (i32.add (local.get $at) (i32.const 8)))
              (local.set $points (i32.add (local.get $points) (i32.const 8)))
              (br $next)))))
      (br_if $done (i32.eq (local.get $at) (local.get $end)))
      (local.set $byte (i32.load8_u (local.get $at)))
      (local.set $at (i32.add (local.get $at) (i32.const 1)))
      (local.set $points (i32.add (local.get $points) (i32.const 1)))
      (br_if $next (i32.lt_u (local.get $byte) (i32.const 0x80)))
      (if (i32.lt_u (local.get $byte) (i32.const 0xC2)) (then (return (i32.const -1))))
      (if (i32.gt_u (local.get $byte) (i32.const 0xF4)) (then (return (i32.const -1))))
      (local.set $more (i32.sub (call $point_bytes (local.get $byte)) (i32.const 1)))
      (if (i32.gt_u (local.get $more) (i32.sub (local.get $end) (local.get $at)))
        (then (return (i32.const -1))))
      ;; the first continuation byte excludes overlong forms, surrogates and what is past U+10FFFF
      (local.set $low (i32.const 0x80))
      (local.set $high (i32.const 0xBF))
      (if (i32.eq (local.get $byte) (i32.const 0xE0)) (then (local.set $low (i32.const 0xA0))))
      (if (i32.eq (local.get $byte) (i32.const 0xED)) (then (local.set $high (i32.const 0x9F))))
      (if (i32.eq (local.get $byte) (i32.const 0xF0)) (then (local.set $low (i32.const 0x90))))
      (if (i32.eq (local.get $byte) (i32.const 0xF4)) (then (local.set $high (i32.const 0x8F))))
      (loop $continuation
        (local.set $byte (i32.load8_u (local.get $at)))
        (if (i32.lt_u (local.get $byte) (local.get $low)) (then (return (i32.const -1))))
        (if (i32.gt_u (local.get $byte) (local.get $high)) (then (return (i32.const -1))))
        (local.set $low (i32.const 0x80))
        (local.set $high (i32.const 0xBF))
        (local.set $at (i32.add (local.get $at) (i32.const 1)))
        (br_if $continuation (local.tee $more (i32.sub (local.get $more) (i32.const 1)))))
      (br $next)))
  (local.get $points))

;; Decimal digits, with a minus where it is negative.
(func $integer_to_text (param $n i64) (param $site i32) (result i32)
  (local $text i32) (local $digits i32) (local $rest i64) (local $at i32)
  (local.set $digits (i64.lt_s (local.get $n) (i64.const 0)))
  (local.set $rest (local.get $n))
  (loop $count
    (local.set $digits (i32.add (local.get $digits) (i32.const 1)))
    (local.set $rest (i64.div_s (local.get $rest) (i64.const 10)))
    (br_if $count (i64.ne (local.get $rest) (i64.const 0))))
  (local.set $text (call $text_new (local.get $digits) (local.get $site)))
  (i32.store offset=12 (local.get $text) (local.get $digits))
  (local.set $at (i32.add (local.get $text) (local.get $digits)))
  (if (i64.lt_s (local.get $n) (i64.const 0))
    (then (i32.store8 offset=16 (local.get $text) (i32.const 45)))
    (else (local.set $n (i64.sub (i64.const 0) (local.get $n)))))
  ;; the number is kept negative, because the smallest one has no positive
  (loop $digit
    (local.set $at (i32.sub (local.get $at) (i32.const 1)))
    (i32.store8 offset=16 (local.get $at)
      (i32.sub (i32.const 48) (i32.wrap_i64 (i64.rem_s (local.get $n) (i64.const 10)))))
    (local.set $n (i64.div_s (local.get $n) (i64.const 10)))
    (br_if $digit (i64.ne (local.get $n) (i64.const 0))))
  (local.get $text))

;; What $parse_integer has read.
(global $parsed (mut i64) (i64.const 0))

;; An optional minus and digits only, in the range of i64: 1 and the number in $parsed, else 0.
(func $parse_integer (param $text i32) (result i32)
  (local $at i32) (local $end i32) (local $negative i32) (local $n i64) (local $digit i32)
  (local.set $at (i32.add (local.get $text) (i32.const 16)))
  (local.set $end (i32.add (local.get $at) (i32.load offset=8 (local.get $text))))
  (if (i32.lt_u (local.get $at) (local.get $end))
    (then
      (if (i32.eq (i32.load8_u (local.get $at)) (i32.const 45))
        (then
          (local.set $negative (i32.const 1))
          (local.set $at (i32.add (local.get $at) (i32.const 1)))))))
  (if (i32.eq (local.get $at) (local.get $end)) (then (return (i32.const 0))))
  (loop $next
    (local.set $digit (i32.sub (i32.load8_u (local.get $at)) (i32.const 48)))
    (if (i32.gt_u (local.get $digit) (i32.const 9)) (then (return (i32.const 0))))
    (if (i64.lt_s (local.get $n) (i64.const -922337203685477580)) (then (return (i32.const 0))))
    (local.set $n (i64.mul (local.get $n) (i64.const 10)))
    (if (i64.lt_s (local.get $n)
          (i64.add (i64.const 0x8000000000000000) (i64.extend_i32_u (local.get $digit))))
      (then (return (i32.const 0))))
    (local.set $n (i64.sub (local.get $n) (i64.extend_i32_u (local.get $digit))))
    (local.set $at (i32.add (local.get $at) (i32.const 1)))
    (br_if $next (i32.lt_u (local.get $at) (local.get $end))))
  (if (i32.eqz (local.get $negative))
    (then
      (if (i64.eq (local.get $n) (i64.const 0x8000000000000000)) (then (return (i32.const 0))))
      (local.set $n (i64.sub (i64.const 0) (local.get $n)))))
  (global.set $parsed (local.get $n))
  (i32.const 1))

;; A buffer that the host has filled, as a text; the null object stands for an absent answer.
(func $text_received (param $room i32) (param $length i32) (param $site i32) (result i32)
  (local $points i32)
  (if (local.get $room)
    (then
      (local.set $points
        (call $utf8_points (i32.add (local.get $room) (i32.const 16)) (local.get $length)))
      (if (i32.lt_s (local.get $points) (i32.const 0)) (then (call $trap (local.get $site))))
      (i32.store offset=8 (local.get $room) (local.get $length))
      (i32.store offset=12 (local.get $room) (local.get $points))))
  (local.get $room))

(func $data_received (param $room i32) (param $length i32) (result i32)
  (if (local.get $room)
    (then
      (i32.store offset=8 (local.get $room) (local.get $length))
      (i32.store offset=12 (local.get $room) (i32.const 0))))
  (local.get $room))

;; Stop with the detail `index 5, length 3`.
(func $trap_index (param $index i64) (param $length i64) (param $site i32)
  (local $text i32)
  (local.set $text (call $text_new (i32.const 6) (local.get $site)))
  ;; "index "
  (i64.store offset=16 (local.get $text) (i64.const 0x0000207865646e69))
  (local.set $text (call $text_append
    (local.get $text)
    (call $integer_to_text (local.get $index) (local.get $site))
    (local.get $site)))
  (call $trap_beside (local.get $text) (local.get $length) (local.get $site)))

;; Stop with the detail `1 to 5, length 3`.
(func $trap_range (param $start i64) (param $end i64) (param $length i64) (param $site i32)
  (local $text i32) (local $label i32)
  (local.set $text (call $integer_to_text (local.get $start) (local.get $site)))
  (local.set $label (call $text_new (i32.const 4) (local.get $site)))
  ;; " to "
  (i32.store offset=16 (local.get $label) (i32.const 0x206f7420))
  (local.set $text (call $text_append (local.get $text) (local.get $label) (local.get $site)))
  (local.set $text (call $text_append
    (local.get $text)
    (call $integer_to_text (local.get $end) (local.get $site))
    (local.get $site)))
  (call $trap_beside (local.get $text) (local.get $length) (local.get $site)))

;; Stop with the detail $text and the length that it does not fit.
(func $trap_beside (param $text i32) (param $length i64) (param $site i32)
  (local $label i32)
  (local.set $label (call $text_new (i32.const 9) (local.get $site)))
  ;; ", length "
  (i64.store offset=16 (local.get $label) (i64.const 0x6874676e656c202c))
  (i32.store8 offset=24 (local.get $label) (i32.const 0x20))
  (local.set $text (call $text_append (local.get $text) (local.get $label) (local.get $site)))
  (local.set $text (call $text_append
    (local.get $text)
    (call $integer_to_text (local.get $length) (local.get $site))
    (local.get $site)))
  (call $trap_with (local.get $text) (local.get $site)))
