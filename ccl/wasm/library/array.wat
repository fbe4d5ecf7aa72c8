;; Arrays: an object and a block of 8-byte slots.

;; An empty array with room for $slots elements.
(func $array_new (param $slots i32) (param $site i32) (result i32)
  (local $array i32)
  (local.set $array (call $new (i32.const 24) (local.get $site)))
  (i64.store offset=8 (local.get $array) (i64.const 0))
  (i32.store offset=16 (local.get $array) (i32.const 0))
  (if (local.get $slots)
    (then (call $array_block (local.get $array)
      (call $allocate (i32.shl (local.get $slots) (i32.const 3)) (local.get $site)))))
  (local.get $array))

;; Give an array its block.
(func $array_block (param $array i32) (param $block i32)
  (i32.store offset=12 (local.get $array)
    (i32.shr_u (call $room_of (local.get $block)) (i32.const 3)))
  (i32.store offset=16 (local.get $array) (i32.add (local.get $block) (i32.const 8))))

;; Room for at least one element more than there are, which fill the block.
(func $array_grow (param $array i32) (param $site i32)
  (local $length i32)
  (local.set $length (i32.load offset=8 (local.get $array)))
  (call $array_block (local.get $array)
    (if (result i32) (local.get $length)
      (then (call $resize
        (i32.sub (i32.load offset=16 (local.get $array)) (i32.const 8))
        (i32.add (i32.shl (local.get $length) (i32.const 3)) (i32.const 8))
        (local.get $site)))
      (else (call $allocate (i32.const 16) (local.get $site))))))

(func $array_free_block (param $array i32)
  (if (i32.load offset=12 (local.get $array))
    (then (call $free (i32.sub (i32.load offset=16 (local.get $array)) (i32.const 8))))))

;; The memory of an array whose elements are released.
(func $array_free (param $array i32)
  (call $array_free_block (local.get $array))
  (call $free (local.get $array)))

;; A new array of elements $start up to $end, which are in range; they are not counted here.
(func $array_slice (param $array i32) (param $start i64) (param $end i64) (param $site i32) (result i32)
  (local $count i32) (local $slice i32)
  (local.set $count (i32.wrap_i64 (i64.sub (local.get $end) (local.get $start))))
  (local.set $slice (call $array_new (local.get $count) (local.get $site)))
  (i32.store offset=8 (local.get $slice) (local.get $count))
  (memory.copy
    (i32.load offset=16 (local.get $slice))
    (i32.add
      (i32.load offset=16 (local.get $array))
      (i32.shl (i32.wrap_i64 (local.get $start)) (i32.const 3)))
    (i32.shl (local.get $count) (i32.const 3)))
  (local.get $slice))

;; A copy with its own block; the elements are not counted here.
(func $array_copy (param $array i32) (param $site i32) (result i32)
  (call $array_slice
    (local.get $array) (i64.const 0) (i64.load32_u offset=8 (local.get $array)) (local.get $site)))

;; Checked sum of integers.
(func $array_sum (param $array i32) (param $site i32) (result i64)
  (local $at i32) (local $end i32) (local $sum i64) (local $item i64) (local $next i64)
  (local.set $at (i32.load offset=16 (local.get $array)))
  (local.set $end (i32.add
    (local.get $at) (i32.shl (i32.load offset=8 (local.get $array)) (i32.const 3))))
  (block $done
    (loop $each
      (br_if $done (i32.eq (local.get $at) (local.get $end)))
      (local.set $item (i64.load (local.get $at)))
      (local.set $next (i64.add (local.get $sum) (local.get $item)))
      (if (i64.lt_s
            (i64.and
              (i64.xor (local.get $sum) (local.get $next))
              (i64.xor (local.get $item) (local.get $next)))
            (i64.const 0))
        (then (call $trap (local.get $site))))
      (local.set $sum (local.get $next))
      (local.set $at (i32.add (local.get $at) (i32.const 8)))
      (br $each)))
  (local.get $sum))
