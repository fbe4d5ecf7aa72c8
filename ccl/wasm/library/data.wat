;; Data is canonical DAG-CBOR, so what is read here needs no checks.

;; Where the value that is looked for stands; 0 if it is nowhere.
(global $cursor (mut i32) (i32.const 0))

(func $data_open (param $data i32)
  (global.set $cursor (i32.add (local.get $data) (i32.const 16))))

(func $data_present (result i32)
  (i32.ne (global.get $cursor) (i32.const 0)))

;; From a map to the value of a key; nowhere if it is no map or has no such key.
(func $data_enter (param $name i32)
  (local $at i32) (local $entries i64) (local $body i32) (local $length i32)
  (local.set $at (global.get $cursor))
  (global.set $cursor (i32.const 0))
  (if (i32.eqz (local.get $at)) (then (return)))
  (if (i32.ne (i32.shr_u (i32.load8_u (local.get $at)) (i32.const 5)) (i32.const 5))
    (then (return)))
  (local.set $entries (call $item_argument (local.get $at)))
  (local.set $at (i32.add (local.get $at) (call $item_head_bytes (local.get $at))))
  (block $done
    (loop $next
      (br_if $done (i64.eqz (local.get $entries)))
      (local.set $body (i32.add (local.get $at) (call $item_head_bytes (local.get $at))))
      (local.set $length (i32.wrap_i64 (call $item_argument (local.get $at))))
      (local.set $at (i32.add (local.get $body) (local.get $length)))
      (if (i32.eqz (call $bytes_compare
            (local.get $body) (local.get $length)
            (i32.add (local.get $name) (i32.const 16)) (i32.load offset=8 (local.get $name))))
        (then
          (global.set $cursor (local.get $at))
          (return)))
      (local.set $at (call $item_end (local.get $at)))
      (local.set $entries (i64.sub (local.get $entries) (i64.const 1)))
      (br $next))))

;; The value of a key as Data of its own; traps at the site if there is none.
(func $data_field (param $data i32) (param $name i32) (param $site i32) (result i32)
  (call $data_open (local.get $data))
  (call $data_enter (local.get $name))
  (if (i32.eqz (global.get $cursor)) (then (call $trap (local.get $site))))
  (call $data_here (local.get $site)))

;; From a list to its element; nowhere if it is no list or has no such element.
(func $data_step (param $index i64)
  (local $at i32)
  (local.set $at (global.get $cursor))
  (global.set $cursor (i32.const 0))
  (if (i32.eqz (local.get $at)) (then (return)))
  (if (i32.ne (i32.shr_u (i32.load8_u (local.get $at)) (i32.const 5)) (i32.const 4))
    (then (return)))
  (if (i64.ge_u (local.get $index) (call $item_argument (local.get $at))) (then (return)))
  (local.set $at (i32.add (local.get $at) (call $item_head_bytes (local.get $at))))
  (block $done
    (loop $next
      (br_if $done (i64.eqz (local.get $index)))
      (local.set $at (call $item_end (local.get $at)))
      (local.set $index (i64.sub (local.get $index) (i64.const 1)))
      (br $next)))
  (global.set $cursor (local.get $at)))

;; What the cursor stands at, as Data of its own.
(func $data_here (param $site i32) (result i32)
  (call $text_of
    (global.get $cursor)
    (i32.sub (call $item_end (global.get $cursor)) (global.get $cursor))
    (i32.const 0)
    (local.get $site)))

;; An element of a list; traps if it is no list, or has no such element.
(func $data_item (param $data i32) (param $index i64) (param $list_site i32) (param $site i32) (result i32)
  (call $data_open (local.get $data))
  (if (i32.ne (i32.shr_u (i32.load8_u (global.get $cursor)) (i32.const 5)) (i32.const 4))
    (then (call $trap (local.get $list_site))))
  (call $data_step (local.get $index))
  (if (i32.eqz (global.get $cursor))
    (then (call $trap_index
      (local.get $index)
      (call $item_argument (i32.add (local.get $data) (i32.const 16)))
      (local.get $site))))
  (call $data_here (local.get $site)))

;; The value of a key that is computed; traps with the key if there is none.
(func $data_key (param $data i32) (param $name i32) (param $site i32) (result i32)
  (call $data_open (local.get $data))
  (call $data_enter (local.get $name))
  (if (i32.eqz (global.get $cursor))
    (then (call $trap_with (local.get $name) (local.get $site))))
  (call $data_here (local.get $site)))

;; Of a list, a record or a text; traps for anything else.
(func $data_length (param $data i32) (param $site i32) (result i64)
  (local $at i32) (local $major i32)
  (local.set $at (i32.add (local.get $data) (i32.const 16)))
  (local.set $major (i32.shr_u (i32.load8_u (local.get $at)) (i32.const 5)))
  (if (i32.eq (local.get $major) (i32.const 3))
    (then (return (i64.extend_i32_u (call $utf8_points
      (i32.add (local.get $at) (call $item_head_bytes (local.get $at)))
      (i32.wrap_i64 (call $item_argument (local.get $at))))))))
  (if (i32.ne (i32.shr_u (local.get $major) (i32.const 1)) (i32.const 2))
    (then (call $trap (local.get $site))))
  (call $item_argument (local.get $at)))

(func $item_head_bytes (param $at i32) (result i32)
  (local $low i32)
  (local.set $low (i32.and (i32.load8_u (local.get $at)) (i32.const 31)))
  (if (result i32) (i32.lt_u (local.get $low) (i32.const 24))
    (then (i32.const 1))
    (else (i32.add (i32.const 1)
      (i32.shl (i32.const 1) (i32.sub (local.get $low) (i32.const 24)))))))

(func $item_argument (param $at i32) (result i64)
  (local $left i32) (local $n i64)
  (local.set $left (i32.sub (call $item_head_bytes (local.get $at)) (i32.const 1)))
  (if (i32.eqz (local.get $left))
    (then (return (i64.extend_i32_u
      (i32.and (i32.load8_u (local.get $at)) (i32.const 31))))))
  (loop $next
    (local.set $at (i32.add (local.get $at) (i32.const 1)))
    (local.set $n (i64.or
      (i64.shl (local.get $n) (i64.const 8)) (i64.load8_u (local.get $at))))
    (br_if $next (local.tee $left (i32.sub (local.get $left) (i32.const 1)))))
  (local.get $n))

;; The first byte after the item at $at.
(func $item_end (param $at i32) (result i32)
  (local $major i32) (local $n i64) (local $pending i64)
  (local.set $pending (i64.const 1))
  (loop $next
    (local.set $major (i32.shr_u (i32.load8_u (local.get $at)) (i32.const 5)))
    (local.set $n (call $item_argument (local.get $at)))
    (local.set $at (i32.add (local.get $at) (call $item_head_bytes (local.get $at))))
    (local.set $pending (i64.sub (local.get $pending) (i64.const 1)))
    (if (i32.eq (i32.shr_u (local.get $major) (i32.const 1)) (i32.const 1))
      (then (local.set $at (i32.add (local.get $at) (i32.wrap_i64 (local.get $n))))))
    (if (i32.eq (local.get $major) (i32.const 4))
      (then (local.set $pending (i64.add (local.get $pending) (local.get $n)))))
    (if (i32.eq (local.get $major) (i32.const 5))
      (then (local.set $pending (i64.add (local.get $pending)
        (i64.shl (local.get $n) (i64.const 1))))))
    (if (i32.eq (local.get $major) (i32.const 6))
      (then (local.set $pending (i64.add (local.get $pending) (i64.const 1)))))
    (br_if $next (i64.ne (local.get $pending) (i64.const 0))))
  (local.get $at))
