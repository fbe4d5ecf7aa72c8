;; Maps: entries in the order of insertion, and an open-addressing index over them.
;; One block holds the entries (24 bytes each), then the index (two i32 per entry: the
;; number of an entry counted from 1, or 0). A removed entry keeps its place until the next
;; rebuilding, with hash -1. Keys are i64 words or texts; a text key is counted by the map.

(func $map_new (param $site i32) (result i32)
  (local $map i32)
  (local.set $map (call $new (i32.const 40) (local.get $site)))
  (memory.fill (i32.add (local.get $map) (i32.const 8)) (i32.const 0) (i32.const 32))
  (local.get $map))

;; Not negative, so never the mark of a removed entry.
(func $hash_mix (param $word i64) (result i64)
  (local.set $word (i64.mul
    (i64.xor (local.get $word) (i64.shr_u (local.get $word) (i64.const 30)))
    (i64.const 0xBF58476D1CE4E5B9)))
  (local.set $word (i64.mul
    (i64.xor (local.get $word) (i64.shr_u (local.get $word) (i64.const 27)))
    (i64.const 0x94D049BB133111EB)))
  (i64.shr_u (i64.xor (local.get $word) (i64.shr_u (local.get $word) (i64.const 31))) (i64.const 1)))

(func $hash_text (param $text i32) (result i64)
  (local $left i32) (local $hash i64)
  (local.set $left (i32.load offset=8 (local.get $text)))
  (local.set $hash (i64.extend_i32_u (local.get $left)))
  (block $tail
    (loop $next
      (br_if $tail (i32.lt_u (local.get $left) (i32.const 8)))
      (local.set $hash (i64.mul
        (i64.xor (i64.rotl (local.get $hash) (i64.const 29)) (i64.load offset=16 (local.get $text)))
        (i64.const 0x9E3779B97F4A7C15)))
      (local.set $text (i32.add (local.get $text) (i32.const 8)))
      (local.set $left (i32.sub (local.get $left) (i32.const 8)))
      (br $next)))
  (if (local.get $left)
    (then (local.set $hash (i64.mul
      (i64.xor (i64.rotl (local.get $hash) (i64.const 29)) (i64.shl
        (i64.load offset=16 (local.get $text))
        (i64.extend_i32_u (i32.sub (i32.const 64) (i32.shl (local.get $left) (i32.const 3))))))
      (i64.const 0x9E3779B97F4A7C15)))))
  (call $hash_mix (local.get $hash)))

;; The address of the entry of a key, or 0.
(func $map_find_word (param $map i32) (param $key i64) (result i32)
  (local $hash i64) (local $mask i32) (local $at i32) (local $entry i32)
  (if (i32.eqz (i32.load offset=8 (local.get $map))) (then (return (i32.const 0))))
  (local.set $hash (call $hash_mix (local.get $key)))
  (local.set $mask (i32.sub (i32.load offset=28 (local.get $map)) (i32.const 1)))
  (local.set $at (i32.and (i32.wrap_i64 (local.get $hash)) (local.get $mask)))
  (loop $next
    (local.set $entry (i32.load (i32.add
      (i32.load offset=24 (local.get $map)) (i32.shl (local.get $at) (i32.const 2)))))
    (if (i32.eqz (local.get $entry)) (then (return (i32.const 0))))
    (local.set $entry (call $map_entry (local.get $map) (local.get $entry)))
    (if (i64.eq (i64.load (local.get $entry)) (local.get $hash))
      (then
        (if (i64.eq (i64.load offset=8 (local.get $entry)) (local.get $key))
          (then (return (local.get $entry))))))
    (local.set $at (i32.and (i32.add (local.get $at) (i32.const 1)) (local.get $mask)))
    (br $next))
  (unreachable))

(func $map_find_text (param $map i32) (param $key i32) (result i32)
  (local $hash i64) (local $mask i32) (local $at i32) (local $entry i32)
  (if (i32.eqz (i32.load offset=8 (local.get $map))) (then (return (i32.const 0))))
  (local.set $hash (call $hash_text (local.get $key)))
  (local.set $mask (i32.sub (i32.load offset=28 (local.get $map)) (i32.const 1)))
  (local.set $at (i32.and (i32.wrap_i64 (local.get $hash)) (local.get $mask)))
  (loop $next
    (local.set $entry (i32.load (i32.add
      (i32.load offset=24 (local.get $map)) (i32.shl (local.get $at) (i32.const 2)))))
    (if (i32.eqz (local.get $entry)) (then (return (i32.const 0))))
    (local.set $entry (call $map_entry (local.get $map) (local.get $entry)))
    (if (i64.eq (i64.load (local.get $entry)) (local.get $hash))
      (then
        (if (call $text_equal (i32.load offset=8 (local.get $entry)) (local.get $key))
          (then (return (local.get $entry))))))
    (local.set $at (i32.and (i32.add (local.get $at) (i32.const 1)) (local.get $mask)))
    (br $next))
  (unreachable))

;; Stop for a key that a map of texts does not have, with the first 16 of those that it has.
(func $trap_without_key
  (param $map i32) (param $key i32) (param $before i32) (param $between i32) (param $more i32)
  (param $site i32)
  (local $entry i32) (local $left i32) (local $named i32)
  (local.set $entry (i32.load offset=20 (local.get $map)))
  (local.set $left (i32.load offset=12 (local.get $map)))
  (block $done
    (loop $next
      (br_if $done (i32.or (i32.eqz (local.get $left)) (i32.eq (local.get $named) (i32.const 16))))
      (if (i64.ne (i64.load (local.get $entry)) (i64.const -1))
        (then
          (local.set $key (call $text_append
            (call $text_append
              (local.get $key)
              (select (local.get $between) (local.get $before) (local.get $named))
              (local.get $site))
            (i32.load offset=8 (local.get $entry))
            (local.get $site)))
          (local.set $named (i32.add (local.get $named) (i32.const 1)))))
      (local.set $entry (i32.add (local.get $entry) (i32.const 24)))
      (local.set $left (i32.sub (local.get $left) (i32.const 1)))
      (br $next)))
  (if (i32.gt_u (i32.load offset=8 (local.get $map)) (local.get $named))
    (then (local.set $key
      (call $text_append (local.get $key) (local.get $more) (local.get $site)))))
  (call $trap_with (local.get $key) (local.get $site)))

;; The address of entry number $number, counted from 1.
(func $map_entry (param $map i32) (param $number i32) (result i32)
  (i32.add
    (i32.load offset=20 (local.get $map))
    (i32.mul (i32.sub (local.get $number) (i32.const 1)) (i32.const 24))))

;; Put entry number $number into the index.
(func $map_link (param $map i32) (param $number i32) (param $hash i64)
  (local $mask i32) (local $at i32) (local $cell i32)
  (local.set $mask (i32.sub (i32.load offset=28 (local.get $map)) (i32.const 1)))
  (local.set $at (i32.and (i32.wrap_i64 (local.get $hash)) (local.get $mask)))
  (block $found
    (loop $next
      (local.set $cell (i32.add
        (i32.load offset=24 (local.get $map)) (i32.shl (local.get $at) (i32.const 2))))
      (br_if $found (i32.eqz (i32.load (local.get $cell))))
      (local.set $at (i32.and (i32.add (local.get $at) (i32.const 1)) (local.get $mask)))
      (br $next)))
  (i32.store (local.get $cell) (local.get $number)))

;; A new block without removed entries; larger if they were few.
(func $map_rebuild (param $map i32) (param $site i32)
  (local $slots i32) (local $old i32) (local $used i32) (local $entry i32) (local $number i32)
  (local.set $slots (i32.load offset=16 (local.get $map)))
  (local.set $old (i32.load offset=20 (local.get $map)))
  (local.set $used (i32.load offset=12 (local.get $map)))
  (local.set $entry (local.get $old))
  (call $map_room (local.get $map)
    (if (result i32) (i32.eqz (local.get $slots))
      (then (i32.const 4))
      (else (i32.shl (local.get $slots)
        (i32.gt_u
          (i32.load offset=8 (local.get $map))
          (i32.shr_u (local.get $slots) (i32.const 1))))))
    (local.get $site))
  (block $done
    (loop $next
      (br_if $done (i32.eqz (local.get $used)))
      (if (i64.ne (i64.load (local.get $entry)) (i64.const -1))
        (then
          (local.set $number (i32.add (local.get $number) (i32.const 1)))
          (memory.copy
            (call $map_entry (local.get $map) (local.get $number))
            (local.get $entry)
            (i32.const 24))
          (call $map_link (local.get $map) (local.get $number) (i64.load (local.get $entry)))))
      (local.set $entry (i32.add (local.get $entry) (i32.const 24)))
      (local.set $used (i32.sub (local.get $used) (i32.const 1)))
      (br $next)))
  (i32.store offset=12 (local.get $map) (local.get $number))
  (if (local.get $slots)
    (then (call $free (i32.sub (local.get $old) (i32.const 8))))))

;; A block for $slots entries (a power of two) with an empty index.
(func $map_room (param $map i32) (param $slots i32) (param $site i32)
  (local $block i32)
  (if (i32.gt_u (local.get $slots) (i32.const 0x1000000)) (then (call $trap (local.get $site))))
  (local.set $block (i32.add (i32.const 8)
    (call $allocate (i32.shl (local.get $slots) (i32.const 5)) (local.get $site))))
  (i32.store offset=16 (local.get $map) (local.get $slots))
  (i32.store offset=20 (local.get $map) (local.get $block))
  (i32.store offset=32 (local.get $map) (i32.const 0))
  (local.set $block (i32.add (local.get $block) (i32.mul (local.get $slots) (i32.const 24))))
  (i32.store offset=24 (local.get $map) (local.get $block))
  (i32.store offset=28 (local.get $map) (i32.shl (local.get $slots) (i32.const 1)))
  (memory.fill (local.get $block) (i32.const 0) (i32.shl (local.get $slots) (i32.const 3))))

;; A new entry for a key that is absent, with value 0; its address.
(func $map_add (param $map i32) (param $key i64) (param $hash i64) (param $site i32) (result i32)
  (local $number i32) (local $entry i32)
  (if (i32.eq (i32.load offset=12 (local.get $map)) (i32.load offset=16 (local.get $map)))
    (then (call $map_rebuild (local.get $map) (local.get $site))))
  (local.set $number (i32.add (i32.load offset=12 (local.get $map)) (i32.const 1)))
  (i32.store offset=12 (local.get $map) (local.get $number))
  (i32.store offset=8 (local.get $map)
    (i32.add (i32.load offset=8 (local.get $map)) (i32.const 1)))
  (local.set $entry (call $map_entry (local.get $map) (local.get $number)))
  (i64.store (local.get $entry) (local.get $hash))
  (i64.store offset=8 (local.get $entry) (local.get $key))
  (i64.store offset=16 (local.get $entry) (i64.const 0))
  (call $map_link (local.get $map) (local.get $number) (local.get $hash))
  (local.get $entry))

;; The entry of a key, which is added with value 0 if it is absent.
(func $map_put_word (param $map i32) (param $key i64) (param $site i32) (result i32)
  (local $entry i32)
  (local.set $entry (call $map_find_word (local.get $map) (local.get $key)))
  (if (local.get $entry) (then (return (local.get $entry))))
  (call $map_add
    (local.get $map) (local.get $key) (call $hash_mix (local.get $key)) (local.get $site)))

(func $map_put_text (param $map i32) (param $key i32) (param $site i32) (result i32)
  (local $entry i32)
  (local.set $entry (call $map_find_text (local.get $map) (local.get $key)))
  (if (local.get $entry) (then (return (local.get $entry))))
  (call $map_add
    (local.get $map)
    (i64.extend_i32_u (call $retain (local.get $key)))
    (call $hash_text (local.get $key))
    (local.get $site)))

;; Take an entry out; its key and value are released by the caller.
(func $map_unlink (param $map i32) (param $entry i32)
  (i64.store (local.get $entry) (i64.const -1))
  (i32.store offset=8 (local.get $map)
    (i32.sub (i32.load offset=8 (local.get $map)) (i32.const 1)))
  ;; what is removed from the front is not passed again
  (if (i32.eq (local.get $entry) (call $map_begin (local.get $map)))
    (then (i32.store offset=32 (local.get $map) (i32.sub
      (call $map_live (local.get $map) (local.get $entry))
      (i32.load offset=20 (local.get $map)))))))

;; Where the first entry is that is not removed, or the end of the entries.
(func $map_begin (param $map i32) (result i32)
  (i32.add (i32.load offset=20 (local.get $map)) (i32.load offset=32 (local.get $map))))

;; The first entry at or after $entry that is not removed, or the end of the entries.
(func $map_live (param $map i32) (param $entry i32) (result i32)
  (local $end i32)
  (local.set $end (call $map_end (local.get $map)))
  (block $done
    (loop $next
      (br_if $done (i32.ge_u (local.get $entry) (local.get $end)))
      (br_if $done (i64.ne (i64.load (local.get $entry)) (i64.const -1)))
      (local.set $entry (i32.add (local.get $entry) (i32.const 24)))
      (br $next)))
  (local.get $entry))

(func $map_end (param $map i32) (result i32)
  (i32.add
    (i32.load offset=20 (local.get $map))
    (i32.mul (i32.load offset=12 (local.get $map)) (i32.const 24))))

;; Keys ($offset 8) or values (16) as an array; they are not counted here.
(func $map_column (param $map i32) (param $offset i32) (param $site i32) (result i32)
  (local $array i32) (local $entry i32) (local $slot i32) (local $end i32)
  (local.set $array
    (call $array_new (i32.load offset=8 (local.get $map)) (local.get $site)))
  (i32.store offset=8 (local.get $array) (i32.load offset=8 (local.get $map)))
  (local.set $slot (i32.load offset=16 (local.get $array)))
  (local.set $end (call $map_end (local.get $map)))
  (local.set $entry (call $map_begin (local.get $map)))
  (block $done
    (loop $next
      (br_if $done (i32.ge_u (local.get $entry) (local.get $end)))
      (i64.store (local.get $slot)
        (i64.load (i32.add (local.get $entry) (local.get $offset))))
      (local.set $slot (i32.add (local.get $slot) (i32.const 8)))
      (local.set $entry
        (call $map_live (local.get $map) (i32.add (local.get $entry) (i32.const 24))))
      (br $next)))
  (local.get $array))

;; Count what the entries refer to once more: at offset 8 the keys, at 16 the values.
(func $map_retain (param $map i32) (param $offset i32)
  (local $entry i32) (local $end i32)
  (local.set $end (call $map_end (local.get $map)))
  (local.set $entry (call $map_begin (local.get $map)))
  (block $done
    (loop $next
      (br_if $done (i32.ge_u (local.get $entry) (local.get $end)))
      (drop (call $retain (i32.load (i32.add (local.get $entry) (local.get $offset)))))
      (local.set $entry
        (call $map_live (local.get $map) (i32.add (local.get $entry) (i32.const 24))))
      (br $next))))

;; A copy with its own block; keys and values are not counted here.
(func $map_copy (param $map i32) (param $site i32) (result i32)
  (local $copy i32) (local $slots i32)
  (local.set $copy (call $map_new (local.get $site)))
  (local.set $slots (i32.load offset=16 (local.get $map)))
  (if (local.get $slots)
    (then
      (call $map_room (local.get $copy) (local.get $slots) (local.get $site))
      (memory.copy
        (i32.load offset=20 (local.get $copy))
        (i32.load offset=20 (local.get $map))
        (i32.shl (local.get $slots) (i32.const 5)))
      (i32.store offset=32 (local.get $copy) (i32.load offset=32 (local.get $map)))
      (i64.store offset=8 (local.get $copy) (i64.load offset=8 (local.get $map)))))
  (local.get $copy))

;; The memory of a map whose keys and values are released.
(func $map_free (param $map i32)
  (if (i32.load offset=16 (local.get $map))
    (then (call $free (i32.sub (i32.load offset=20 (local.get $map)) (i32.const 8)))))
  (call $free (local.get $map)))
