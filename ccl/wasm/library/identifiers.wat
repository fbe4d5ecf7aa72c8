;; The syntax of DIDs and CIDs, as `runtime.content` reads it.

(func $is_lower_or_digit (param $char i32) (result i32)
  (i32.or
    (i32.lt_u (i32.sub (local.get $char) (i32.const 97)) (i32.const 26))
    (i32.lt_u (i32.sub (local.get $char) (i32.const 48)) (i32.const 10))))

(func $is_hexadecimal (param $char i32) (result i32)
  (i32.or
    (i32.lt_u (i32.sub (local.get $char) (i32.const 48)) (i32.const 10))
    (i32.lt_u
      (i32.sub (i32.or (local.get $char) (i32.const 32)) (i32.const 97)) (i32.const 6))))

;; Letters, digits and `. _ -`.
(func $is_did_end (param $char i32) (result i32)
  (i32.or
    (call $is_lower_or_digit (local.get $char))
    (i32.or
      (i32.lt_u (i32.sub (local.get $char) (i32.const 65)) (i32.const 26))
      (i32.or
        (i32.eq (local.get $char) (i32.const 95))
        (i32.or
          (i32.eq (local.get $char) (i32.const 45))
          (i32.eq (local.get $char) (i32.const 46)))))))

;; `did:method:id` of at most 512 bytes.
(func $is_did (param $text i32) (result i32)
  (local $at i32) (local $end i32) (local $char i32) (local $method i32) (local $ends i32)
  (local.set $end (i32.load offset=8 (local.get $text)))
  (if (i32.or
        (i32.lt_u (local.get $end) (i32.const 7)) (i32.gt_u (local.get $end) (i32.const 512)))
    (then (return (i32.const 0))))
  (local.set $text (i32.add (local.get $text) (i32.const 16)))
  (local.set $end (i32.add (local.get $text) (local.get $end)))
  (if (i32.ne (i32.load (local.get $text)) (i32.const 0x3A646964)) (then (return (i32.const 0))))
  (local.set $at (i32.add (local.get $text) (i32.const 4)))
  (block $method_done
    (loop $next
      (br_if $method_done (i32.eq (local.get $at) (local.get $end)))
      (br_if $method_done
        (i32.eqz (call $is_lower_or_digit (i32.load8_u (local.get $at)))))
      (local.set $method (i32.const 1))
      (local.set $at (i32.add (local.get $at) (i32.const 1)))
      (br $next)))
  (if (i32.or (i32.eqz (local.get $method)) (i32.eq (local.get $at) (local.get $end)))
    (then (return (i32.const 0))))
  (if (i32.ne (i32.load8_u (local.get $at)) (i32.const 58)) (then (return (i32.const 0))))
  (local.set $at (i32.add (local.get $at) (i32.const 1)))
  (block $done
    (loop $next
      (br_if $done (i32.eq (local.get $at) (local.get $end)))
      (local.set $char (i32.load8_u (local.get $at)))
      (local.set $ends (call $is_did_end (local.get $char)))
      (if (i32.eqz (local.get $ends))
        (then
          (if (i32.eq (local.get $char) (i32.const 37))
            (then
              (if (i32.lt_u (i32.sub (local.get $end) (local.get $at)) (i32.const 3))
                (then (return (i32.const 0))))
              (if (i32.eqz (i32.and
                    (call $is_hexadecimal (i32.load8_u offset=1 (local.get $at)))
                    (call $is_hexadecimal (i32.load8_u offset=2 (local.get $at)))))
                (then (return (i32.const 0))))
              (local.set $at (i32.add (local.get $at) (i32.const 2))))
            (else
              (if (i32.ne (local.get $char) (i32.const 58))
                (then (return (i32.const 0))))))))
      (local.set $at (i32.add (local.get $at) (i32.const 1)))
      (br $next)))
  (local.get $ends))

;; A base32 character as its five bits, or 32.
(func $base32_bits (param $char i32) (result i32)
  (if (i32.lt_u (i32.sub (local.get $char) (i32.const 97)) (i32.const 26))
    (then (return (i32.sub (local.get $char) (i32.const 97)))))
  (if (i32.lt_u (i32.sub (local.get $char) (i32.const 50)) (i32.const 6))
    (then (return (i32.sub (local.get $char) (i32.const 24)))))
  (i32.const 32))

;; Version 1 in base32: raw, dag-pb or dag-cbor under sha2-256 or blake3-256.
(func $is_cid (param $text i32) (result i32)
  (local $at i32) (local $bits i64) (local $five i32) (local $codec i32)
  (if (i32.ne (i32.load offset=8 (local.get $text)) (i32.const 59))
    (then (return (i32.const 0))))
  (if (i32.ne (i32.load8_u offset=16 (local.get $text)) (i32.const 98))
    (then (return (i32.const 0))))
  (local.set $at (i32.const 1))
  (loop $next
    (local.set $five (call $base32_bits
      (i32.load8_u offset=16 (i32.add (local.get $text) (local.get $at)))))
    (if (i32.eq (local.get $five) (i32.const 32)) (then (return (i32.const 0))))
    ;; the first seven characters hold the four bytes before the digest
    (if (i32.le_u (local.get $at) (i32.const 7))
      (then (local.set $bits (i64.or
        (i64.shl (local.get $bits) (i64.const 5)) (i64.extend_i32_u (local.get $five))))))
    (local.set $at (i32.add (local.get $at) (i32.const 1)))
    (br_if $next (i32.lt_u (local.get $at) (i32.const 59))))
  ;; the last character has two bits that no byte uses
  (if (i32.and (local.get $five) (i32.const 3)) (then (return (i32.const 0))))
  (local.set $bits (i64.shr_u (local.get $bits) (i64.const 3)))
  (local.set $codec (i32.and
    (i32.wrap_i64 (i64.shr_u (local.get $bits) (i64.const 16))) (i32.const 0xFF)))
  (if (i64.ne
        (i64.and (local.get $bits) (i64.const 0xFF0000FF)) (i64.const 0x01000020))
    (then (return (i32.const 0))))
  (if (i32.eqz (i32.or
        (i32.eq (local.get $codec) (i32.const 0x55))
        (i32.eq (i32.and (local.get $codec) (i32.const 0xFE)) (i32.const 0x70))))
    (then (return (i32.const 0))))
  (local.set $codec (i32.and
    (i32.wrap_i64 (i64.shr_u (local.get $bits) (i64.const 8))) (i32.const 0xFF)))
  (i32.or
    (i32.eq (local.get $codec) (i32.const 0x12)) (i32.eq (local.get $codec) (i32.const 0x1E))))

(func $take_did (param $expected i32) (result i32)
  (local $text i32)
  (local.set $text (call $take_text (local.get $expected)))
  (if (i32.eqz (call $is_did (local.get $text))) (then (call $in_fail (local.get $expected))))
  (local.get $text))

(func $take_cid (param $expected i32) (result i32)
  (local $text i32)
  (local.set $text (call $take_text (local.get $expected)))
  (if (i32.eqz (call $is_cid (local.get $text))) (then (call $in_fail (local.get $expected))))
  (local.get $text))
