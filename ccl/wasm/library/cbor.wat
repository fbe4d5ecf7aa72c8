;; Canonical DAG-CBOR: a writer into one growing buffer, and a strict reader.

(global $out_length (mut i32) (i32.const 0))
(global $out_site (mut i32) (i32.const 0))

;; Begin a new value; what was written before is gone.
(func $out_begin (param $site i32)
  (global.set $out_length (i32.const 0))
  (global.set $out_site (local.get $site)))

(func $out_address (result i32)
  (i32.load offset=24 (i32.const 0)))

(func $out_size (result i32)
  (global.get $out_length))

;; Where the next $bytes bytes go.
(func $out_room (param $bytes i32) (result i32)
  (local $needed i32) (local $size i32) (local $buffer i32)
  (local.set $needed (i32.add (global.get $out_length) (local.get $bytes)))
  (local.set $size (i32.load offset=28 (i32.const 0)))
  (if (i32.gt_u (local.get $needed) (local.get $size))
    (then
      (local.set $buffer (i32.add (i32.const 8) (call $allocate
        (select (local.get $needed) (i32.const 128) (i32.gt_u (local.get $needed) (i32.const 128)))
        (global.get $out_site))))
      (memory.copy
        (local.get $buffer) (i32.load offset=24 (i32.const 0)) (global.get $out_length))
      (if (local.get $size)
        (then (call $free (i32.sub (i32.load offset=24 (i32.const 0)) (i32.const 8)))))
      (i32.store offset=24 (i32.const 0) (local.get $buffer))
      (i32.store offset=28 (i32.const 0)
        (call $room_of (i32.sub (local.get $buffer) (i32.const 8))))))
  (local.set $buffer (i32.add (i32.load offset=24 (i32.const 0)) (global.get $out_length)))
  (global.set $out_length (local.get $needed))
  (local.get $buffer))

(func $put_byte (param $byte i32)
  (i32.store8 (call $out_room (i32.const 1)) (local.get $byte)))

(func $put_bytes (param $bytes i32) (param $length i32)
  (memory.copy (call $out_room (local.get $length)) (local.get $bytes) (local.get $length)))

;; The shortest head of a major type (in the upper three bits) with an unsigned argument.
(func $put_head (param $major i32) (param $n i64)
  (local $room i32)
  (if (i64.lt_u (local.get $n) (i64.const 24))
    (then
      (call $put_byte (i32.or (local.get $major) (i32.wrap_i64 (local.get $n))))
      (return)))
  (if (i64.lt_u (local.get $n) (i64.const 0x100))
    (then
      (call $put_byte (i32.or (local.get $major) (i32.const 24)))
      (call $put_byte (i32.wrap_i64 (local.get $n)))
      (return)))
  (if (i64.lt_u (local.get $n) (i64.const 0x10000))
    (then
      (call $put_byte (i32.or (local.get $major) (i32.const 25)))
      (call $put_big (local.get $n) (i32.const 2))
      (return)))
  (if (i64.lt_u (local.get $n) (i64.const 0x100000000))
    (then
      (call $put_byte (i32.or (local.get $major) (i32.const 26)))
      (call $put_big (local.get $n) (i32.const 4))
      (return)))
  (call $put_byte (i32.or (local.get $major) (i32.const 27)))
  (call $put_big (local.get $n) (i32.const 8)))

;; The lowest $bytes bytes, highest first.
(func $put_big (param $n i64) (param $bytes i32)
  (loop $next
    (local.set $bytes (i32.sub (local.get $bytes) (i32.const 1)))
    (call $put_byte (i32.wrap_i64
      (i64.shr_u (local.get $n) (i64.extend_i32_u (i32.shl (local.get $bytes) (i32.const 3))))))
    (br_if $next (local.get $bytes))))

(func $put_integer (param $n i64)
  (if (i64.lt_s (local.get $n) (i64.const 0))
    (then (call $put_head (i32.const 0x20) (i64.xor (local.get $n) (i64.const -1))))
    (else (call $put_head (i32.const 0x00) (local.get $n)))))

(func $put_bool (param $value i32)
  (call $put_byte (i32.add (i32.const 0xF4) (local.get $value))))

(func $put_text (param $text i32)
  (call $put_head (i32.const 0x60) (i64.load32_u offset=8 (local.get $text)))
  (call $put_bytes
    (i32.add (local.get $text) (i32.const 16)) (i32.load offset=8 (local.get $text))))

;; Data is written as it is.
(func $put_data (param $data i32)
  (call $put_bytes
    (i32.add (local.get $data) (i32.const 16)) (i32.load offset=8 (local.get $data))))

;; What was written, as Data.
(func $out_data (param $site i32) (result i32)
  (call $text_of
    (call $out_address) (global.get $out_length) (i32.const 0) (local.get $site)))

;; How deep the value that is being written or read nests, as far as its type can repeat.
(global $nesting (mut i32) (i32.const 0))

(func $out_deeper
  (global.set $nesting (i32.add (global.get $nesting) (i32.const 1)))
  (if (i32.gt_u (global.get $nesting) (i32.const 64)) (then (call $trap (global.get $out_site)))))

(func $out_higher
  (global.set $nesting (i32.sub (global.get $nesting) (i32.const 1))))

;; The reader: where it is, where the input ends, what to report.
(global $in (mut i32) (i32.const 0))
(global $in_end (mut i32) (i32.const 0))
(global $in_site (mut i32) (i32.const 0))
(global $in_malformed (mut i32) (i32.const 0))
(global $in_major (mut i32) (i32.const 0))

;; $malformed is the text for bytes that are no canonical DAG-CBOR at all.
(func $in_begin (param $bytes i32) (param $length i32) (param $malformed i32) (param $site i32)
  (global.set $in (local.get $bytes))
  (global.set $in_end (i32.add (local.get $bytes) (local.get $length)))
  (global.set $in_malformed (local.get $malformed))
  (global.set $in_site (local.get $site))
  (global.set $nesting (i32.const 0)))

(func $in_fail (param $text i32)
  (call $trap_with (local.get $text) (global.get $in_site)))

;; All input must have been read.
(func $in_finish
  (if (i32.ne (global.get $in) (global.get $in_end))
    (then (call $in_fail (global.get $in_malformed)))))

(func $in_deeper
  (global.set $nesting (i32.add (global.get $nesting) (i32.const 1)))
  (if (i32.gt_u (global.get $nesting) (i32.const 64))
    (then (call $in_fail (global.get $in_malformed)))))

(func $in_higher
  (global.set $nesting (i32.sub (global.get $nesting) (i32.const 1))))

;; Bytes that are left.
(func $in_left (result i32)
  (i32.sub (global.get $in_end) (global.get $in)))

;; The next byte, which stays.
(func $in_peek (result i32)
  (if (i32.eqz (call $in_left)) (then (call $in_fail (global.get $in_malformed))))
  (i32.load8_u (global.get $in)))

;; Skip $count bytes that must be there.
(func $in_advance (param $count i64)
  (if (i64.gt_u (local.get $count) (i64.extend_i32_u (call $in_left)))
    (then (call $in_fail (global.get $in_malformed))))
  (global.set $in (i32.add (global.get $in) (i32.wrap_i64 (local.get $count)))))

;; The argument of the next head, the major type in $in_major; it must be the shortest form.
(func $in_head (result i64)
  (local $first i32) (local $bytes i32) (local $n i64)
  (local.set $first (call $in_peek))
  (global.set $in (i32.add (global.get $in) (i32.const 1)))
  (global.set $in_major (i32.shr_u (local.get $first) (i32.const 5)))
  (local.set $first (i32.and (local.get $first) (i32.const 31)))
  (if (i32.lt_u (local.get $first) (i32.const 24))
    (then (return (i64.extend_i32_u (local.get $first)))))
  (if (i32.gt_u (local.get $first) (i32.const 27))
    (then (call $in_fail (global.get $in_malformed))))
  (local.set $bytes (i32.shl (i32.const 1) (i32.sub (local.get $first) (i32.const 24))))
  (if (i32.lt_u (call $in_left) (local.get $bytes))
    (then (call $in_fail (global.get $in_malformed))))
  (local.set $first (local.get $bytes))
  (loop $next
    (local.set $n (i64.or
      (i64.shl (local.get $n) (i64.const 8))
      (i64.load8_u (global.get $in))))
    (global.set $in (i32.add (global.get $in) (i32.const 1)))
    (br_if $next (local.tee $first (i32.sub (local.get $first) (i32.const 1)))))
  (if (i64.lt_u (local.get $n)
        (select
          (i64.const 24)
          (i64.shl (i64.const 1) (i64.extend_i32_u (i32.shl (local.get $bytes) (i32.const 2))))
          (i32.eq (local.get $bytes) (i32.const 1))))
    (then (call $in_fail (global.get $in_malformed))))
  (local.get $n))

(func $take_integer (param $expected i32) (result i64)
  (local $n i64)
  (local.set $n (call $in_head))
  (if (i32.or
        (i32.gt_u (global.get $in_major) (i32.const 1))
        (i64.lt_s (local.get $n) (i64.const 0)))
    (then (call $in_fail (local.get $expected))))
  (if (global.get $in_major) (then (return (i64.xor (local.get $n) (i64.const -1)))))
  (local.get $n))

(func $take_bool (param $expected i32) (result i32)
  (local $byte i32)
  (local.set $byte (i32.sub (call $in_peek) (i32.const 0xF4)))
  (if (i32.gt_u (local.get $byte) (i32.const 1)) (then (call $in_fail (local.get $expected))))
  (global.set $in (i32.add (global.get $in) (i32.const 1)))
  (local.get $byte))

(func $take_null (param $expected i32)
  (if (i32.ne (call $in_peek) (i32.const 0xF6)) (then (call $in_fail (local.get $expected))))
  (global.set $in (i32.add (global.get $in) (i32.const 1))))

;; The count of a list (major 4) or map (5), which the remaining bytes can hold.
(func $take_count (param $major i32) (param $expected i32) (result i32)
  (local $n i64)
  (local.set $n (call $in_head))
  (if (i32.ne (global.get $in_major) (local.get $major))
    (then (call $in_fail (local.get $expected))))
  (if (i64.gt_u (local.get $n) (i64.extend_i32_u (call $in_left)))
    (then (call $in_fail (global.get $in_malformed))))
  (i32.wrap_i64 (local.get $n)))

;; A list of exactly $count items, or a map of so many entries.
(func $take_exactly (param $major i32) (param $count i32) (param $expected i32)
  (if (i32.ne (call $take_count (local.get $major) (local.get $expected)) (local.get $count))
    (then (call $in_fail (local.get $expected)))))

(func $take_text (param $expected i32) (result i32)
  (local $n i64) (local $points i32) (local $at i32)
  (local.set $n (call $in_head))
  (if (i32.ne (global.get $in_major) (i32.const 3)) (then (call $in_fail (local.get $expected))))
  (local.set $at (global.get $in))
  (call $in_advance (local.get $n))
  (local.set $points (call $utf8_points (local.get $at) (i32.wrap_i64 (local.get $n))))
  (if (i32.lt_s (local.get $points) (i32.const 0))
    (then (call $in_fail (global.get $in_malformed))))
  (call $text_of
    (local.get $at) (i32.wrap_i64 (local.get $n)) (local.get $points) (global.get $in_site)))

;; A number, truth value or text as people read it.
(func $take_as_text (param $true i32) (param $false i32) (param $expected i32) (result i32)
  (local $major i32)
  (local.set $major (i32.shr_u (call $in_peek) (i32.const 5)))
  (if (i32.eq (local.get $major) (i32.const 3))
    (then (return (call $take_text (local.get $expected)))))
  (if (i32.le_u (local.get $major) (i32.const 1))
    (then (return (call $integer_to_text
      (call $take_integer (local.get $expected)) (global.get $in_site)))))
  (select (local.get $true) (local.get $false) (call $take_bool (local.get $expected))))

;; If the next item is exactly this text, take it and give 1; else leave it and give 0.
(func $take_if_text (param $text i32) (result i32)
  (local $start i32) (local $n i64)
  (if (i32.eqz (call $in_left)) (then (return (i32.const 0))))
  (local.set $start (global.get $in))
  (local.set $n (call $in_head))
  (if (i32.eq (global.get $in_major) (i32.const 3))
    (then
      (if (i64.le_u (local.get $n) (i64.extend_i32_u (call $in_left)))
        (then
          (if (i32.eqz (call $bytes_compare
                (global.get $in) (i32.wrap_i64 (local.get $n))
                (i32.add (local.get $text) (i32.const 16)) (i32.load offset=8 (local.get $text))))
            (then
              (call $in_advance (local.get $n))
              (return (i32.const 1))))))))
  (global.set $in (local.get $start))
  (i32.const 0))

;; One value as it is.
(func $take_data (result i32)
  (local $start i32)
  (local.set $start (global.get $in))
  (call $in_skip (i32.const 0))
  (call $text_of
    (local.get $start)
    (i32.sub (global.get $in) (local.get $start))
    (i32.const 0)
    (global.get $in_site)))

;; Read one value, which must be canonical, and drop it.
(func $in_skip (param $depth i32)
  (local $n i64) (local $major i32) (local $start i32) (local $before i32) (local $length i32)
  (if (i32.gt_u (local.get $depth) (i32.const 64))
    (then (call $in_fail (global.get $in_malformed))))
  (local.set $depth (i32.add (local.get $depth) (i32.const 1)))
  (local.set $start (global.get $in))
  (local.set $n (call $in_head))
  (local.set $major (global.get $in_major))
  (if (i32.le_u (local.get $major) (i32.const 1)) (then (return)))
  (if (i32.le_u (local.get $major) (i32.const 3))
    (then
      (local.set $start (global.get $in))
      (call $in_advance (local.get $n))
      (if (i32.eq (local.get $major) (i32.const 3))
        (then
          (if (i32.lt_s (i32.const -1) (call $utf8_points
                (local.get $start) (i32.sub (global.get $in) (local.get $start))))
            (then (return)))
          (call $in_fail (global.get $in_malformed))))
      (return)))
  (if (i32.eq (local.get $major) (i32.const 4))
    (then
      (block $done
        (loop $next
          (br_if $done (i64.eqz (local.get $n)))
          (call $in_skip (local.get $depth))
          (local.set $n (i64.sub (local.get $n) (i64.const 1)))
          (br $next)))
      (return)))
  (if (i32.eq (local.get $major) (i32.const 5))
    (then
      (block $done
        (loop $next
          (br_if $done (i64.eqz (local.get $n)))
          ;; keys are texts in their order: shorter first, then by bytes
          (local.set $start (global.get $in))
          (call $in_skip (local.get $depth))
          (if (i32.ne (i32.shr_u (i32.load8_u (local.get $start)) (i32.const 5)) (i32.const 3))
            (then (call $in_fail (global.get $in_malformed))))
          (if (local.get $before)
            (then
              (if (i32.ge_s
                    (call $bytes_compare
                      (local.get $before) (local.get $length)
                      (local.get $start) (i32.sub (global.get $in) (local.get $start)))
                    (i32.const 0))
                (then (call $in_fail (global.get $in_malformed))))))
          (local.set $before (local.get $start))
          (local.set $length (i32.sub (global.get $in) (local.get $start)))
          (call $in_skip (local.get $depth))
          (local.set $n (i64.sub (local.get $n) (i64.const 1)))
          (br $next)))
      (return)))
  (if (i32.eq (local.get $major) (i32.const 6))
    (then
      ;; the only tag is that of a link: bytes
      (if (i64.eq (local.get $n) (i64.const 42))
        (then
          (if (i32.eq (i32.shr_u (call $in_peek) (i32.const 5)) (i32.const 2))
            (then
              (call $in_skip (local.get $depth))
              (return)))))
      (call $in_fail (global.get $in_malformed))))
  ;; false, true and null are the only simple values
  (if (i32.eq (i32.sub (global.get $in) (local.get $start)) (i32.const 1))
    (then
      (if (i64.lt_u (i64.sub (local.get $n) (i64.const 20)) (i64.const 3)) (then (return)))))
  (call $in_fail (global.get $in_malformed)))

;; The next key of a struct is not $name: it is unknown if it sorts before, else $name is missing.
(func $refuse_key (param $name i32) (param $left i32) (param $missing i32) (param $unknown i32)
  (local $n i64) (local $length i64)
  (if (i32.eqz (local.get $left)) (then (call $in_fail (local.get $missing))))
  (local.set $n (call $in_head))
  (if (i32.ne (global.get $in_major) (i32.const 3))
    (then (call $in_fail (global.get $in_malformed))))
  (if (i64.gt_u (local.get $n) (i64.extend_i32_u (call $in_left)))
    (then (call $in_fail (global.get $in_malformed))))
  (local.set $length (i64.load32_u offset=8 (local.get $name)))
  (if (i64.lt_u (local.get $n) (local.get $length))
    (then (call $in_fail (local.get $unknown))))
  (if (i64.eq (local.get $n) (local.get $length))
    (then
      (if (i32.lt_s
            (call $bytes_compare
              (global.get $in) (i32.wrap_i64 (local.get $n))
              (i32.add (local.get $name) (i32.const 16)) (i32.wrap_i64 (local.get $length)))
            (i32.const 0))
        (then (call $in_fail (local.get $unknown))))))
  (call $in_fail (local.get $missing)))
