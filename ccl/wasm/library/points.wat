;; Code points of texts: which byte they start at.

;; Cursors of the last texts in which a code point was looked for, four of 24 bytes from 288 on.
;; Each keeps two places, the last one first: a number of a code point and the byte it starts at.
;;   0 text    4 number, byte    12 number, byte
;; A cursor of an earlier text at the same address is not this text's: a block forgets flag 4 (see
;; memory.wat) when it is given back.
(global $text_cursor (mut i32) (i32.const 288))
(global $oldest_text_cursor (mut i32) (i32.const 288))

;; The cursor of a text, at its beginning if it is a new one.
(func $cursor_of (param $text i32) (result i32)
  (local $cursor i32) (local $word i32)
  (local.set $cursor (global.get $text_cursor))
  (local.set $word (i32.load offset=4 (local.get $text)))
  (block $found
    (br_if $found (i32.eq (i32.load (local.get $cursor)) (local.get $text)))
    (local.set $cursor (i32.const 288))
    (loop $next
      (br_if $found (i32.eq (i32.load (local.get $cursor)) (local.get $text)))
      (local.set $cursor (i32.add (local.get $cursor) (i32.const 24)))
      (br_if $next (i32.lt_u (local.get $cursor) (i32.const 384))))
    (local.set $cursor (global.get $oldest_text_cursor))
    (global.set $oldest_text_cursor (select
      (i32.const 288)
      (i32.add (local.get $cursor) (i32.const 24))
      (i32.eq (local.get $cursor) (i32.const 360))))
    (i32.store (local.get $cursor) (local.get $text))
    (local.set $word (i32.and (local.get $word) (i32.const -5))))
  (if (i32.eqz (i32.and (local.get $word) (i32.const 4)))
    (then
      (i32.store offset=4 (local.get $text) (i32.or (local.get $word) (i32.const 4)))
      (i64.store offset=4 (local.get $cursor) (i64.const 0))
      (i64.store offset=12 (local.get $cursor) (i64.const 0))))
  (global.set $text_cursor (local.get $cursor))
  (local.get $cursor))

;; Where code point number $index starts, in bytes; $index is at most the length. It is sought
;; from where the last ones were found, or an end of the text, whatever is nearest.
(func $text_offset (param $text i32) (param $index i32) (result i32)
  (local $cursor i32) (local $point i32) (local $at i32) (local $start i32) (local $last i64)
  (if (i32.eq (i32.load offset=8 (local.get $text)) (i32.load offset=12 (local.get $text)))
    (then (return (local.get $index))))
  (local.set $cursor (call $cursor_of (local.get $text)))
  ;; the nearer place comes first; where both are far, the first one becomes the other
  (local.set $last (i64.load offset=4 (local.get $cursor)))
  (local.set $point (i32.load offset=4 (local.get $cursor)))
  (if (i32.gt_u (call $distance (local.get $point) (local.get $index)) (i32.const 64))
    (then
      (if (i32.lt_u
            (call $distance (i32.load offset=12 (local.get $cursor)) (local.get $index))
            (call $distance (local.get $point) (local.get $index)))
        (then
          (i64.store offset=4 (local.get $cursor) (i64.load offset=12 (local.get $cursor)))
          (local.set $point (i32.load offset=4 (local.get $cursor)))))
      (i64.store offset=12 (local.get $cursor) (local.get $last))))
  (local.set $at (i32.load offset=8 (local.get $cursor)))
  (if (i32.lt_u (local.get $index) (i32.shr_u (local.get $point) (i32.const 1)))
    (then
      (local.set $point (i32.const 0))
      (local.set $at (i32.const 0))))
  (if (i32.gt_s
        (i32.sub (local.get $index) (local.get $point))
        (i32.sub (i32.load offset=12 (local.get $text)) (local.get $index)))
    (then
      (local.set $point (i32.load offset=12 (local.get $text)))
      (local.set $at (i32.load offset=8 (local.get $text)))))
  (local.set $start (i32.add (local.get $text) (i32.const 16)))
  (local.set $at (i32.sub
    (if (result i32) (i32.lt_u (local.get $index) (local.get $point))
      (then (call $points_before
        (i32.add (local.get $start) (local.get $at))
        (i32.sub (local.get $point) (local.get $index))))
      (else (call $points_after
        (i32.add (local.get $start) (local.get $at))
        (i32.sub (local.get $index) (local.get $point)))))
    (local.get $start)))
  (i32.store offset=4 (local.get $cursor) (local.get $index))
  (i32.store offset=8 (local.get $cursor) (local.get $at))
  (local.get $at))

(func $distance (param $a i32) (param $b i32) (result i32)
  (select
    (i32.sub (local.get $a) (local.get $b))
    (i32.sub (local.get $b) (local.get $a))
    (i32.gt_u (local.get $a) (local.get $b))))

;; Where the code point starts that is $count after the one at $at.
(func $points_after (param $at i32) (param $count i32) (result i32)
  (block $near
    (loop $eight
      (br_if $near (i32.le_u (local.get $count) (i32.const 8)))
      (local.set $count (i32.sub (local.get $count) (call $starts_in (i64.load (local.get $at)))))
      (local.set $at (i32.add (local.get $at) (i32.const 8)))
      (br $eight)))
  (if (i32.eqz (local.get $count)) (then (return (local.get $at))))
  (block $whole
    (loop $rest
      (br_if $whole (call $is_start (local.get $at)))
      (local.set $at (i32.add (local.get $at) (i32.const 1)))
      (br $rest)))
  (loop $each
    (local.set $at
      (i32.add (local.get $at) (call $point_bytes (i32.load8_u (local.get $at)))))
    (br_if $each (local.tee $count (i32.sub (local.get $count) (i32.const 1)))))
  (local.get $at))

;; Where the code point starts that is $count before the one at $at; $count is not 0.
(func $points_before (param $at i32) (param $count i32) (result i32)
  (block $near
    (loop $eight
      (br_if $near (i32.le_u (local.get $count) (i32.const 8)))
      (local.set $at (i32.sub (local.get $at) (i32.const 8)))
      (local.set $count (i32.sub (local.get $count) (call $starts_in (i64.load (local.get $at)))))
      (br $eight)))
  (loop $each
    (local.set $at (i32.sub (local.get $at) (i32.const 1)))
    (br_if $each (local.tee $count
      (i32.sub (local.get $count) (call $is_start (local.get $at))))))
  (local.get $at))

;; Code points that start between two bytes.
(func $points_between (param $at i32) (param $end i32) (result i32)
  (local $count i32)
  (block $near
    (loop $eight
      (br_if $near (i32.lt_u (i32.sub (local.get $end) (local.get $at)) (i32.const 8)))
      (local.set $count (i32.add (local.get $count) (call $starts_in (i64.load (local.get $at)))))
      (local.set $at (i32.add (local.get $at) (i32.const 8)))
      (br $eight)))
  (block $done
    (loop $each
      (br_if $done (i32.eq (local.get $at) (local.get $end)))
      (local.set $count (i32.add (local.get $count) (call $is_start (local.get $at))))
      (local.set $at (i32.add (local.get $at) (i32.const 1)))
      (br $each)))
  (local.get $count))

;; Whether a code point starts at this byte: others begin with the bits 10.
(func $is_start (param $at i32) (result i32)
  (i32.ne (i32.and (i32.load8_u (local.get $at)) (i32.const 0xC0)) (i32.const 0x80)))

;; The same, counted in eight bytes.
(func $starts_in (param $bytes i64) (result i32)
  (i32.sub (i32.const 8) (i32.wrap_i64 (i64.popcnt (i64.and
    (i64.and
      (i64.shr_u (local.get $bytes) (i64.const 7))
      (i64.const 0x0101010101010101))
    (i64.xor
      (i64.shr_u (local.get $bytes) (i64.const 6))
      (i64.const -1)))))))

;; Bytes of the code point that starts with this byte.
(func $point_bytes (param $first i32) (result i32)
  (if (i32.lt_u (local.get $first) (i32.const 0xC0)) (then (return (i32.const 1))))
  (if (i32.lt_u (local.get $first) (i32.const 0xE0)) (then (return (i32.const 2))))
  (select (i32.const 3) (i32.const 4) (i32.lt_u (local.get $first) (i32.const 0xF0))))
