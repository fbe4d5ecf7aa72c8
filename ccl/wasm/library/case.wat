;; Capital and small letters, by a table of ranges: first, last, step, difference.

;; Each letter in its other case. A letter grows by half of its bytes at most.
(func $text_cased (param $text i32) (param $table i32) (param $rows i32) (param $site i32) (result i32)
  (local $made i32) (local $at i32) (local $end i32) (local $to i32) (local $point i32)
  (local $length i32)
  (local.set $length (i32.load offset=8 (local.get $text)))
  (local.set $made (call $text_new
    (i32.add (local.get $length) (i32.shr_u (local.get $length) (i32.const 1)))
    (local.get $site)))
  (local.set $to (i32.add (local.get $made) (i32.const 16)))
  (local.set $at (i32.add (local.get $text) (i32.const 16)))
  (local.set $end (i32.add (local.get $at) (local.get $length)))
  (block $done
    (loop $next
      (br_if $done (i32.eq (local.get $at) (local.get $end)))
      (local.set $point (call $other_case
        (call $point_at (local.get $at)) (local.get $table) (local.get $rows)))
      (local.set $at (i32.add (local.get $at) (call $point_bytes (i32.load8_u (local.get $at)))))
      (local.set $to (call $put_point (local.get $to) (local.get $point)))
      (br $next)))
  (i32.store offset=8 (local.get $made)
    (i32.sub (i32.sub (local.get $to) (local.get $made)) (i32.const 16)))
  (i32.store offset=12 (local.get $made) (i32.load offset=12 (local.get $text)))
  (local.get $made))

;; The last row that begins at the code point or before it decides.
(func $other_case (param $point i32) (param $table i32) (param $rows i32) (result i32)
  (local $low i32) (local $middle i32) (local $row i32)
  (block $found
    (loop $next
      (br_if $found (i32.eq (local.get $low) (local.get $rows)))
      (local.set $middle (i32.shr_u (i32.add (local.get $low) (local.get $rows)) (i32.const 1)))
      (if (i32.gt_u
            (i32.load (i32.add (local.get $table) (i32.shl (local.get $middle) (i32.const 4))))
            (local.get $point))
        (then (local.set $rows (local.get $middle)))
        (else (local.set $low (i32.add (local.get $middle) (i32.const 1)))))
      (br $next)))
  (if (i32.eqz (local.get $low)) (then (return (local.get $point))))
  (local.set $row (i32.add
    (local.get $table) (i32.shl (i32.sub (local.get $low) (i32.const 1)) (i32.const 4))))
  (if (i32.gt_u (local.get $point) (i32.load offset=4 (local.get $row)))
    (then (return (local.get $point))))
  (if (i32.rem_u
        (i32.sub (local.get $point) (i32.load (local.get $row)))
        (i32.load offset=8 (local.get $row)))
    (then (return (local.get $point))))
  (i32.add (local.get $point) (i32.load offset=12 (local.get $row))))

;; The code point whose well-formed UTF-8 begins at an address.
(func $point_at (param $at i32) (result i32)
  (local $point i32) (local $more i32)
  (local.set $point (i32.load8_u (local.get $at)))
  (if (i32.lt_u (local.get $point) (i32.const 0x80)) (then (return (local.get $point))))
  (local.set $more (i32.sub (call $point_bytes (local.get $point)) (i32.const 1)))
  (local.set $point (i32.and
    (local.get $point) (i32.shr_u (i32.const 0x3F) (local.get $more))))
  (loop $next
    (local.set $at (i32.add (local.get $at) (i32.const 1)))
    (local.set $point (i32.or
      (i32.shl (local.get $point) (i32.const 6))
      (i32.and (i32.load8_u (local.get $at)) (i32.const 0x3F))))
    (br_if $next (local.tee $more (i32.sub (local.get $more) (i32.const 1)))))
  (local.get $point))

;; Write a code point; the address behind it.
(func $put_point (param $to i32) (param $point i32) (result i32)
  (local $more i32) (local $at i32)
  (if (i32.lt_u (local.get $point) (i32.const 0x80))
    (then
      (i32.store8 (local.get $to) (local.get $point))
      (return (i32.add (local.get $to) (i32.const 1)))))
  (local.set $more (i32.add (i32.const 1) (i32.add
    (i32.ge_u (local.get $point) (i32.const 0x800))
    (i32.ge_u (local.get $point) (i32.const 0x10000)))))
  (local.set $at (i32.add (local.get $to) (local.get $more)))
  (loop $next
    (i32.store8 (local.get $at) (i32.or
      (i32.const 0x80) (i32.and (local.get $point) (i32.const 0x3F))))
    (local.set $point (i32.shr_u (local.get $point) (i32.const 6)))
    (local.set $at (i32.sub (local.get $at) (i32.const 1)))
    (br_if $next (i32.ne (local.get $at) (local.get $to))))
  ;; the first byte says by its leading ones how many there are
  (i32.store8 (local.get $to) (i32.or
    (i32.and (i32.shr_s (i32.const -128) (local.get $more)) (i32.const 0xFF))
    (local.get $point)))
  (i32.add (i32.add (local.get $to) (local.get $more)) (i32.const 1)))
