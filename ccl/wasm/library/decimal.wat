;; Decimals: i64 in millionths.

;; a * b / d through 128 bits; d is not 0. $rounding: 0 half away from zero, 1 down, 2 up.
(func $scaled (param $a i64) (param $b i64) (param $d i64) (param $rounding i32) (param $site i32) (result i64)
  (local $negative i32) (local $high i64) (local $low i64) (local $mid i64) (local $shift i64)
  (local $digit i64)
  (local.set $negative (i64.lt_s
    (i64.xor (local.get $a) (i64.xor (local.get $b) (local.get $d))) (i64.const 0)))
  (local.set $a (call $magnitude (local.get $a)))
  (local.set $b (call $magnitude (local.get $b)))
  (local.set $d (call $magnitude (local.get $d)))
  ;; the product in halves of 32 bits
  (local.set $low (i64.mul (call $low_half (local.get $a)) (call $low_half (local.get $b))))
  (local.set $mid (i64.add
    (i64.mul (i64.shr_u (local.get $a) (i64.const 32)) (call $low_half (local.get $b)))
    (i64.shr_u (local.get $low) (i64.const 32))))
  (local.set $high (i64.shr_u (local.get $mid) (i64.const 32)))
  (local.set $mid (i64.add
    (i64.mul (call $low_half (local.get $a)) (i64.shr_u (local.get $b) (i64.const 32)))
    (call $low_half (local.get $mid))))
  (local.set $high (i64.add
    (i64.add
      (i64.mul
        (i64.shr_u (local.get $a) (i64.const 32)) (i64.shr_u (local.get $b) (i64.const 32)))
      (local.get $high))
    (i64.shr_u (local.get $mid) (i64.const 32))))
  (local.set $low (i64.or
    (i64.shl (local.get $mid) (i64.const 32)) (call $low_half (local.get $low))))
  (if (i64.ge_u (local.get $high) (local.get $d)) (then (call $trap (local.get $site))))
  ;; the quotient into $low, the rest into $high
  (if (i64.eqz (local.get $high))
    (then
      (local.set $high (i64.rem_u (local.get $low) (local.get $d)))
      (local.set $low (i64.div_u (local.get $low) (local.get $d))))
    (else
      ;; long division by digits of 32 bits, with the highest bit of the divisor set
      (local.set $shift (i64.clz (local.get $d)))
      (local.set $d (i64.shl (local.get $d) (local.get $shift)))
      (local.set $high (i64.or
        (i64.shl (local.get $high) (local.get $shift))
        (i64.shr_u
          (i64.shr_u (local.get $low) (i64.const 1))
          (i64.sub (i64.const 63) (local.get $shift)))))
      (local.set $low (i64.shl (local.get $low) (local.get $shift)))
      (local.set $mid (call $quotient_digit
        (local.get $high) (i64.shr_u (local.get $low) (i64.const 32)) (local.get $d)))
      (local.set $high (i64.sub
        (i64.or
          (i64.shl (local.get $high) (i64.const 32)) (i64.shr_u (local.get $low) (i64.const 32)))
        (i64.mul (local.get $mid) (local.get $d))))
      (local.set $digit (call $quotient_digit
        (local.get $high) (call $low_half (local.get $low)) (local.get $d)))
      (local.set $high (i64.shr_u
        (i64.sub
          (i64.or (i64.shl (local.get $high) (i64.const 32)) (call $low_half (local.get $low)))
          (i64.mul (local.get $digit) (local.get $d)))
        (local.get $shift)))
      (local.set $d (i64.shr_u (local.get $d) (local.get $shift)))
      (local.set $low (i64.or
        (i64.shl (local.get $mid) (i64.const 32)) (local.get $digit)))))
  (if (select
        (i64.ge_u (local.get $high) (i64.sub (local.get $d) (local.get $high)))
        (i32.and
          (i64.ne (local.get $high) (i64.const 0))
          (i32.eq (local.get $negative) (i32.eq (local.get $rounding) (i32.const 1))))
        (i32.eqz (local.get $rounding)))
    (then
      (local.set $low (i64.add (local.get $low) (i64.const 1)))
      (if (i64.eqz (local.get $low)) (then (call $trap (local.get $site))))))
  (if (i64.gt_u (local.get $low)
        (i64.add (i64.const 0x7FFFFFFFFFFFFFFF) (i64.extend_i32_u (local.get $negative))))
    (then (call $trap (local.get $site))))
  (select
    (i64.sub (i64.const 0) (local.get $low)) (local.get $low) (local.get $negative)))

;; The digit of 32 bits that ($high, $limb) / $d has, with $high < $d and the highest bit of $d set.
;; Source: Knuth, The Art of Computer Programming 2, 4.3.1, algorithm D: the estimate from the
;; upper half of $d is at most two too large.
(func $quotient_digit (param $high i64) (param $limb i64) (param $d i64) (result i64)
  (local $digit i64) (local $rest i64)
  (local.set $digit (i64.div_u (local.get $high) (i64.shr_u (local.get $d) (i64.const 32))))
  (local.set $rest (i64.sub
    (local.get $high)
    (i64.mul (local.get $digit) (i64.shr_u (local.get $d) (i64.const 32)))))
  (loop $next
    (if (i32.or
          (i64.ge_u (local.get $digit) (i64.const 0x100000000))
          (i64.gt_u
            (i64.mul (local.get $digit) (call $low_half (local.get $d)))
            (i64.or (i64.shl (local.get $rest) (i64.const 32)) (local.get $limb))))
      (then
        (local.set $digit (i64.sub (local.get $digit) (i64.const 1)))
        (local.set $rest (i64.add
          (local.get $rest) (i64.shr_u (local.get $d) (i64.const 32))))
        (br_if $next (i64.lt_u (local.get $rest) (i64.const 0x100000000))))))
  (local.get $digit))

(func $magnitude (param $n i64) (result i64)
  (select
    (i64.sub (i64.const 0) (local.get $n)) (local.get $n)
    (i64.lt_s (local.get $n) (i64.const 0))))

(func $low_half (param $n i64) (result i64)
  (i64.and (local.get $n) (i64.const 0xFFFFFFFF)))

;; For products beyond 62 bits: the others are multiplied where they are written.
(func $decimal_multiply (param $a i64) (param $b i64) (param $site i32) (result i64)
  (call $scaled
    (local.get $a) (local.get $b) (i64.const 1000000) (i32.const 0) (local.get $site)))

(func $decimal_divide (param $a i64) (param $b i64) (param $zero_site i32) (param $over_site i32) (result i64)
  (local $sign i64)
  (if (i64.eqz (local.get $b)) (then (call $trap (local.get $zero_site))))
  ;; a million times the dividend has 63 bits: one division, half of the divisor added before it
  (if (i64.le_u
        (i64.add (local.get $a) (i64.const 9223372036854)) (i64.const 18446744073708))
    (then
      (local.set $sign (i64.shr_s (i64.xor (local.get $a) (local.get $b)) (i64.const 63)))
      (local.set $b (call $magnitude (local.get $b)))
      (return (i64.sub
        (i64.xor
          (i64.div_u
            (i64.add
              (i64.mul (call $magnitude (local.get $a)) (i64.const 1000000))
              (i64.shr_u (local.get $b) (i64.const 1)))
            (local.get $b))
          (local.get $sign))
        (local.get $sign)))))
  (call $scaled
    (local.get $a) (i64.const 1000000) (local.get $b) (i32.const 0) (local.get $over_site)))

;; To whole numbers, which are always in range.
(func $decimal_floor (param $n i64) (result i64)
  (i64.sub
    (i64.div_s (local.get $n) (i64.const 1000000))
    (i64.extend_i32_u (i64.lt_s (i64.rem_s (local.get $n) (i64.const 1000000)) (i64.const 0)))))

(func $decimal_ceil (param $n i64) (result i64)
  (i64.add
    (i64.div_s (local.get $n) (i64.const 1000000))
    (i64.extend_i32_u (i64.gt_s (i64.rem_s (local.get $n) (i64.const 1000000)) (i64.const 0)))))

;; Halves away from zero.
(func $decimal_round (param $n i64) (result i64)
  (local $size i64)
  (local.set $size (i64.div_u
    (i64.add (call $magnitude (local.get $n)) (i64.const 500000)) (i64.const 1000000)))
  (select
    (i64.sub (i64.const 0) (local.get $size)) (local.get $size)
    (i64.lt_s (local.get $n) (i64.const 0))))

;; `0.66`: no zeros at the end, no point without places.
(func $decimal_to_text (param $n i64) (param $site i32) (result i32)
  (local $whole i64) (local $part i64) (local $places i32) (local $text i32) (local $at i32)
  (local $length i32) (local $left i32)
  (local.set $part (i64.rem_u (call $magnitude (local.get $n)) (i64.const 1000000)))
  (local.set $whole (i64.div_u (call $magnitude (local.get $n)) (i64.const 1000000)))
  (if (i64.ne (local.get $part) (i64.const 0))
    (then
      (local.set $places (i32.const 6))
      (block $trimmed
        (loop $next
          (br_if $trimmed (i64.ne (i64.rem_u (local.get $part) (i64.const 10)) (i64.const 0)))
          (local.set $part (i64.div_u (local.get $part) (i64.const 10)))
          (local.set $places (i32.sub (local.get $places) (i32.const 1)))
          (br $next)))))
  ;; the whole part as a text, then room for the rest of it
  (local.set $text (call $integer_to_text
    (select (i64.sub (i64.const 0) (local.get $whole)) (local.get $whole)
      (i64.lt_s (local.get $n) (i64.const 0)))
    (local.get $site)))
  (if (i32.and
        (i64.eqz (local.get $whole)) (i64.lt_s (local.get $n) (i64.const 0)))
    (then
      (i32.store16 offset=16 (local.get $text) (i32.const 0x302D))
      (i32.store offset=8 (local.get $text) (i32.const 2))))
  (if (i32.eqz (local.get $places)) (then (return (local.get $text))))
  (local.set $length (i32.load offset=8 (local.get $text)))
  (local.set $at (call $text_new
    (i32.add (local.get $length) (i32.add (local.get $places) (i32.const 1))) (local.get $site)))
  (i32.store offset=12 (local.get $at) (i32.load offset=8 (local.get $at)))
  (memory.copy
    (i32.add (local.get $at) (i32.const 16)) (i32.add (local.get $text) (i32.const 16))
    (local.get $length))
  (call $release (local.get $text))
  (local.set $text (local.get $at))
  (i32.store8 offset=16 (i32.add (local.get $text) (local.get $length)) (i32.const 46))
  (local.set $left (local.get $places))
  (loop $digit
    (i32.store8 offset=16
      (i32.add (local.get $text) (i32.add (local.get $length) (local.get $left)))
      (i32.add (i32.const 48) (i32.wrap_i64 (i64.rem_u (local.get $part) (i64.const 10)))))
    (local.set $part (i64.div_u (local.get $part) (i64.const 10)))
    (br_if $digit (local.tee $left (i32.sub (local.get $left) (i32.const 1)))))
  (local.get $text))

(func $put_decimal (param $n i64)
  (local $text i32)
  (local.set $text (call $decimal_to_text (local.get $n) (global.get $out_site)))
  (call $put_text (local.get $text))
  (call $release (local.get $text)))

;; A text of at most six places, in range.
(func $take_decimal (param $expected i32) (result i64)
  (local $text i32)
  (local.set $text (call $take_text (local.get $expected)))
  (if (i32.eqz (call $parse_decimal (local.get $text)))
    (then (call $in_fail (local.get $expected))))
  (call $release (local.get $text))
  (global.get $parsed))

;; An optional minus, digits, and up to six places after a point: 1 and the number in $parsed,
;; else 0.
(func $parse_decimal (param $text i32) (result i32)
  (local $at i32) (local $end i32) (local $negative i32) (local $n i64)
  (local $byte i32) (local $digits i32) (local $places i32) (local $point i32)
  (local.set $at (i32.add (local.get $text) (i32.const 16)))
  (local.set $end (i32.add (local.get $at) (i32.load offset=8 (local.get $text))))
  (block $done
    (loop $next
      (br_if $done (i32.eq (local.get $at) (local.get $end)))
      (local.set $byte (i32.load8_u (local.get $at)))
      (local.set $at (i32.add (local.get $at) (i32.const 1)))
      (if (i32.eq (local.get $byte) (i32.const 45))
        (then
          (if (i32.or (local.get $negative) (i32.or (local.get $digits) (local.get $point)))
            (then (return (i32.const 0))))
          (local.set $negative (i32.const 1))
          (br $next)))
      (if (i32.eq (local.get $byte) (i32.const 46))
        (then
          (if (i32.or (local.get $point) (i32.eqz (local.get $digits)))
            (then (return (i32.const 0))))
          (local.set $point (i32.const 1))
          (br $next)))
      (local.set $byte (i32.sub (local.get $byte) (i32.const 48)))
      (if (i32.gt_u (local.get $byte) (i32.const 9)) (then (return (i32.const 0))))
      (local.set $digits (i32.const 1))
      (local.set $places (i32.add (local.get $places) (local.get $point)))
      (local.set $n (call $digit_below (local.get $n) (local.get $byte)))
      (if (i64.gt_s (local.get $n) (i64.const 0)) (then (return (i32.const 0))))
      (br $next)))
  (if (i32.or
        (i32.eqz (local.get $digits))
        (i32.or
          (i32.gt_u (local.get $places) (i32.const 6))
          (i32.and (local.get $point) (i32.eqz (local.get $places)))))
    (then (return (i32.const 0))))
  (block $scaled
    (loop $next
      (br_if $scaled (i32.eq (local.get $places) (i32.const 6)))
      (local.set $n (call $digit_below (local.get $n) (i32.const 0)))
      (if (i64.gt_s (local.get $n) (i64.const 0)) (then (return (i32.const 0))))
      (local.set $places (i32.add (local.get $places) (i32.const 1)))
      (br $next)))
  (if (i32.eqz (local.get $negative))
    (then
      (if (i64.eq (local.get $n) (i64.const 0x8000000000000000)) (then (return (i32.const 0))))
      (local.set $n (i64.sub (i64.const 0) (local.get $n)))))
  (global.set $parsed (local.get $n))
  (i32.const 1))

;; $n * 10 - $digit, for a number that is kept negative; 1 if that has more than 64 bits.
(func $digit_below (param $n i64) (param $digit i32) (result i64)
  (if (i64.lt_s (local.get $n) (i64.const -922337203685477580))
    (then (return (i64.const 1))))
  (local.set $n (i64.mul (local.get $n) (i64.const 10)))
  (if (i64.lt_s (local.get $n)
        (i64.add (i64.const 0x8000000000000000) (i64.extend_i32_u (local.get $digit))))
    (then (return (i64.const 1))))
  (i64.sub (local.get $n) (i64.extend_i32_u (local.get $digit))))
