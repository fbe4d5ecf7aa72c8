;; Checked arithmetic on i64 that is too long to repeat at every place.

;; Trap if the product of two numbers has more than 64 bits.
(func $check_product (param $a i64) (param $b i64) (param $site i32)
  (if (i64.eqz (local.get $a)) (then (return)))
  (if (i64.eq (local.get $a) (i64.const -1))
    (then
      (if (i64.eq (local.get $b) (i64.const 0x8000000000000000))
        (then (call $trap (local.get $site))))
      (return)))
  (if (i64.ne
        (i64.div_s (i64.mul (local.get $a) (local.get $b)) (local.get $a)) (local.get $b))
    (then (call $trap (local.get $site)))))

(func $multiply (param $a i64) (param $b i64) (param $site i32) (result i64)
  (call $check_product (local.get $a) (local.get $b) (local.get $site))
  (i64.mul (local.get $a) (local.get $b)))

;; Truncates.
(func $divide (param $a i64) (param $b i64) (param $zero_site i32) (param $over_site i32) (result i64)
  (if (i64.eqz (local.get $b)) (then (call $trap (local.get $zero_site))))
  (if (i32.and
        (i64.eq (local.get $b) (i64.const -1))
        (i64.eq (local.get $a) (i64.const 0x8000000000000000)))
    (then (call $trap (local.get $over_site))))
  (i64.div_s (local.get $a) (local.get $b)))

;; $exponent is not negative.
(func $power (param $base i64) (param $exponent i64) (param $site i32) (result i64)
  (local $result i64)
  (local.set $result (i64.const 1))
  (block $done
    (loop $next
      (br_if $done (i64.eqz (local.get $exponent)))
      (if (i64.ne (i64.and (local.get $exponent) (i64.const 1)) (i64.const 0))
        (then (local.set $result
          (call $multiply (local.get $result) (local.get $base) (local.get $site)))))
      (local.set $exponent (i64.shr_u (local.get $exponent) (i64.const 1)))
      (br_if $done (i64.eqz (local.get $exponent)))
      (local.set $base (call $multiply (local.get $base) (local.get $base) (local.get $site)))
      (br $next)))
  (local.get $result))

;; Floor of the square root of a number that is not negative.
(func $square_root (param $n i64) (result i64)
  (local $root i64)
  (local.set $root (i64.trunc_f64_s (f64.sqrt (f64.convert_i64_s (local.get $n)))))
  (block $low
    (loop $next
      (br_if $low (i64.le_u (i64.mul (local.get $root) (local.get $root)) (local.get $n)))
      (local.set $root (i64.sub (local.get $root) (i64.const 1)))
      (br $next)))
  (block $high
    (loop $next
      (br_if $high (i64.gt_u
        (i64.mul (i64.add (local.get $root) (i64.const 1)) (i64.add (local.get $root) (i64.const 1)))
        (local.get $n)))
      (local.set $root (i64.add (local.get $root) (i64.const 1)))
      (br $next)))
  (local.get $root))
