;; Texts of timestamps and durations, which are seconds.

;; `2026-01-15T10:30:00Z`. RFC 3339 has the years 1 to 9999: traps at $range_site for others.
(func $timestamp_to_text (param $seconds i64) (param $site i32) (param $range_site i32) (result i32)
  (local $days i64) (local $rest i64) (local $era i64) (local $day i64) (local $year i64)
  (local $month i64) (local $text i32)
  (if (i32.or
        (i64.lt_s (local.get $seconds) (i64.const -62135596800))
        (i64.gt_s (local.get $seconds) (i64.const 253402300799)))
    (then (call $trap_with
      (call $integer_to_text (local.get $seconds) (local.get $site)) (local.get $range_site))))
  ;; from 1 March of the year 0 on, so that the leap day is the last of its year
  (local.set $seconds (i64.add (local.get $seconds) (i64.const 62162035200)))
  (local.set $rest (i64.rem_u (local.get $seconds) (i64.const 86400)))
  (local.set $days (i64.div_u (local.get $seconds) (i64.const 86400)))
  (local.set $era (i64.div_u (local.get $days) (i64.const 146097)))
  (local.set $day (i64.rem_u (local.get $days) (i64.const 146097)))
  (local.set $year (i64.div_u
    (i64.sub
      (i64.add
        (i64.sub (local.get $day) (i64.div_u (local.get $day) (i64.const 1460)))
        (i64.div_u (local.get $day) (i64.const 36524)))
      (i64.div_u (local.get $day) (i64.const 146096)))
    (i64.const 365)))
  (local.set $day (i64.sub (local.get $day) (i64.sub
    (i64.add
      (i64.mul (local.get $year) (i64.const 365))
      (i64.div_u (local.get $year) (i64.const 4)))
    (i64.div_u (local.get $year) (i64.const 100)))))
  (local.set $year (i64.add
    (local.get $year) (i64.mul (local.get $era) (i64.const 400))))
  (local.set $month (i64.div_u
    (i64.add (i64.mul (local.get $day) (i64.const 5)) (i64.const 2)) (i64.const 153)))
  (local.set $day (i64.add (i64.const 1) (i64.sub (local.get $day) (i64.div_u
    (i64.add (i64.mul (local.get $month) (i64.const 153)) (i64.const 2)) (i64.const 5)))))
  (local.set $month (i64.add (local.get $month) (i64.const 3)))
  (if (i64.gt_u (local.get $month) (i64.const 12))
    (then
      (local.set $month (i64.sub (local.get $month) (i64.const 12)))
      (local.set $year (i64.add (local.get $year) (i64.const 1)))))
  (local.set $text (call $text_new (i32.const 20) (local.get $site)))
  (i32.store offset=12 (local.get $text) (i32.const 20))
  (call $two_digits (local.get $text) (i32.const 0)
    (i64.div_u (local.get $year) (i64.const 100)) (i32.const 48))
  (call $two_digits (local.get $text) (i32.const 2)
    (i64.rem_u (local.get $year) (i64.const 100)) (i32.const 45))
  (call $two_digits (local.get $text) (i32.const 5) (local.get $month) (i32.const 45))
  (call $two_digits (local.get $text) (i32.const 8) (local.get $day) (i32.const 84))
  (call $two_digits (local.get $text) (i32.const 11)
    (i64.div_u (local.get $rest) (i64.const 3600)) (i32.const 58))
  (call $two_digits (local.get $text) (i32.const 14)
    (i64.div_u (i64.rem_u (local.get $rest) (i64.const 3600)) (i64.const 60)) (i32.const 58))
  (call $two_digits (local.get $text) (i32.const 17)
    (i64.rem_u (local.get $rest) (i64.const 60)) (i32.const 90))
  (local.get $text))

;; Two digits at an offset, and the character after them.
(func $two_digits (param $text i32) (param $at i32) (param $n i64) (param $after i32)
  (local.set $at (i32.add (local.get $text) (local.get $at)))
  (i32.store8 offset=16 (local.get $at)
    (i32.add (i32.const 48) (i32.wrap_i64 (i64.div_u (local.get $n) (i64.const 10)))))
  (i32.store8 offset=17 (local.get $at)
    (i32.add (i32.const 48) (i32.wrap_i64 (i64.rem_u (local.get $n) (i64.const 10)))))
  (i32.store8 offset=18 (local.get $at) (local.get $after)))

;; `90s`
(func $duration_to_text (param $seconds i64) (param $site i32) (result i32)
  (local $text i32) (local $unit i32)
  (local.set $text (call $integer_to_text (local.get $seconds) (local.get $site)))
  (local.set $unit (call $text_new (i32.const 1) (local.get $site)))
  (i32.store offset=12 (local.get $unit) (i32.const 1))
  (i32.store8 offset=16 (local.get $unit) (i32.const 115))
  (local.set $text (call $text_append (local.get $text) (local.get $unit) (local.get $site)))
  (call $release (local.get $unit))
  (local.get $text))
