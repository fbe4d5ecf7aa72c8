;; The allocator. Free blocks are kept in lists by size class (16, 24, 32, 48, 64, 96 …
;; bytes); what no list has comes from the end of the used memory.
;;   0 the null object: an empty immortal one, so that releasing nothing needs no test
;;  16 end of the used memory    20 its beginning    24 encoder's buffer    28 its size
;;  32 heads of the free lists, one i32 for each of the 64 size classes

;; Number of the size class that holds $bytes (at least 1, at most 2^30).
(func $class_of (param $bytes i32) (result i32)
  (local $last i32) (local $log i32)
  (local.set $last (i32.sub
    (select (local.get $bytes) (i32.const 16) (i32.gt_u (local.get $bytes) (i32.const 16)))
    (i32.const 1)))
  (local.set $log (i32.sub (i32.const 31) (i32.clz (local.get $last))))
  (i32.add
    (i32.shl (local.get $log) (i32.const 1))
    (i32.and (i32.const 1)
      (i32.shr_u (local.get $last) (i32.sub (local.get $log) (i32.const 1))))))

;; Bytes of the blocks of a size class.
(func $class_size (param $class i32) (result i32)
  (local $log i32)
  (local.set $log (i32.shr_u (local.get $class) (i32.const 1)))
  (if (result i32) (i32.and (local.get $class) (i32.const 1))
    (then (i32.shl (i32.const 2) (local.get $log)))
    (else (i32.shl (i32.const 3) (i32.sub (local.get $log) (i32.const 1))))))

;; Bytes that an allocation of $bytes really has.
(func $rounded (param $bytes i32) (param $site i32) (result i32)
  (if (i32.gt_u (local.get $bytes) (i32.const 0x40000000)) (then (call $trap (local.get $site))))
  (call $class_size (call $class_of (local.get $bytes))))

(func $allocate (param $bytes i32) (param $site i32) (result i32)
  (local $head i32) (local $block i32) (local $class i32)
  (if (i32.gt_u (local.get $bytes) (i32.const 0x40000000)) (then (call $trap (local.get $site))))
  (local.set $class (call $class_of (local.get $bytes)))
  (local.set $head (i32.shl (local.get $class) (i32.const 2)))
  (local.set $block (i32.load offset=32 (local.get $head)))
  (if (i32.eqz (local.get $block))
    (then (return (call $extend (call $class_size (local.get $class)) (local.get $site)))))
  (i32.store offset=32 (local.get $head) (i32.load (local.get $block)))
  (local.get $block))

;; Whether memory has been refused.
(global $tight (mut i32) (i32.const 0))

;; A block beyond the used memory, which grows if it must.
(func $extend (param $size i32) (param $site i32) (result i32)
  (local $block i32) (local $end i32) (local $have i32) (local $pages i32)
  (local.set $block (i32.load offset=16 (i32.const 0)))
  (local.set $end (i32.add (local.get $block) (local.get $size)))
  (if (i32.lt_u (local.get $end) (local.get $block)) (then (call $trap (local.get $site))))
  (local.set $have (i32.shl (memory.size) (i32.const 16)))
  (if (i32.gt_u (local.get $end) (local.get $have))
    (then
      (local.set $pages (i32.shr_u
        (i32.add (i32.sub (local.get $end) (local.get $have)) (i32.const 65535))
        (i32.const 16)))
      ;; (a quarter more is asked for until that is refused: asking costs fuel by the page)
      (if (i32.eqz (global.get $tight))
        (then
          (global.set $tight (i32.eq (i32.const -1) (memory.grow
            (i32.add (local.get $pages) (i32.shr_u (memory.size) (i32.const 2))))))
          (if (global.get $tight)
            (then
              (if (i32.eq (i32.const -1) (memory.grow (local.get $pages)))
                (then (call $trap (local.get $site)))))))
        (else
          (if (i32.eq (i32.const -1) (memory.grow (local.get $pages)))
            (then (call $trap (local.get $site))))))))
  (i32.store offset=16 (i32.const 0) (local.get $end))
  (local.get $block))

;; The contents of a block in one of $new bytes (both sizes rounded, $new the larger): in
;; place if it is the last one.
(func $resize (param $block i32) (param $old i32) (param $new i32) (param $site i32) (result i32)
  (local $fresh i32)
  (if (i32.eq
        (i32.add (local.get $block) (local.get $old)) (i32.load offset=16 (i32.const 0)))
    (then
      (drop (call $extend (i32.sub (local.get $new) (local.get $old)) (local.get $site)))
      (return (local.get $block))))
  (local.set $fresh (call $allocate (local.get $new) (local.get $site)))
  (memory.copy (local.get $fresh) (local.get $block) (local.get $old))
  (call $free (local.get $block) (local.get $old))
  (local.get $fresh))

;; Give back a block that was allocated with $bytes.
(func $free (param $block i32) (param $bytes i32)
  (local $head i32)
  (local.set $head (i32.shl (call $class_of (local.get $bytes)) (i32.const 2)))
  (i32.store (local.get $block) (i32.load offset=32 (local.get $head)))
  (i32.store offset=32 (local.get $head) (local.get $block)))

;; A counted object with one reference; its fields are not set.
(func $new (param $bytes i32) (param $site i32) (result i32)
  (local $object i32)
  (local.set $object (call $allocate (local.get $bytes) (local.get $site)))
  (i32.store (local.get $object) (i32.const 1))
  (i32.store offset=4 (local.get $object) (local.get $bytes))
  (local.get $object))

;; One more reference; gives the object back.
(func $retain (param $object i32) (result i32)
  (local $references i32)
  (local.set $references (i32.load (local.get $object)))
  (if (i32.ne (local.get $references) (i32.const 0x40000000))
    (then (i32.store (local.get $object) (i32.add (local.get $references) (i32.const 1)))))
  (local.get $object))

;; One reference less: 1 if it was the last, so that the object is to be taken apart.
(func $let_go (param $object i32) (result i32)
  (local $references i32)
  (local.set $references (i32.load (local.get $object)))
  (if (i32.eq (local.get $references) (i32.const 0x40000000)) (then (return (i32.const 0))))
  (local.set $references (i32.sub (local.get $references) (i32.const 1)))
  (i32.store (local.get $object) (local.get $references))
  (i32.eqz (local.get $references)))

;; Give back the memory of an object itself.
(func $free_object (param $object i32)
  (call $free (local.get $object) (i32.load offset=4 (local.get $object))))

;; Release an object that refers to no other.
(func $release (param $object i32)
  (if (call $let_go (local.get $object)) (then (call $free_object (local.get $object)))))

;; A new object with the same bytes; what it refers to is not counted here.
(func $copy_object (param $object i32) (param $site i32) (result i32)
  (local $copy i32) (local $bytes i32)
  (local.set $bytes (i32.load offset=4 (local.get $object)))
  (local.set $copy (call $new (local.get $bytes) (local.get $site)))
  (memory.copy
    (i32.add (local.get $copy) (i32.const 8))
    (i32.add (local.get $object) (i32.const 8))
    (i32.sub (local.get $bytes) (i32.const 8)))
  (local.get $copy))

;; Count one more reference to each of $count objects in slots of 8 bytes.
(func $retain_slots (param $slot i32) (param $count i32)
  (local $end i32)
  (local.set $end (i32.add (local.get $slot) (i32.shl (local.get $count) (i32.const 3))))
  (block $done
    (loop $next
      (br_if $done (i32.eq (local.get $slot) (local.get $end)))
      (drop (call $retain (i32.load (local.get $slot))))
      (local.set $slot (i32.add (local.get $slot) (i32.const 8)))
      (br $next))))

;; Stop: the host reads the number of the site, then the details if there are any.
(func $trap (param $site i32)
  (global.set $ccl_site (local.get $site))
  (unreachable))

;; The same with a text that belongs to it.
(func $trap_with (param $text i32) (param $site i32)
  (global.set $ccl_detail_ptr (i32.add (local.get $text) (i32.const 16)))
  (global.set $ccl_detail_len (i32.load offset=8 (local.get $text)))
  (call $trap (local.get $site)))

;; Dead objects of recursive types, linked through their counts: taking one apart by recursion
;; could go as deep as a chain is long.
(global $grave (mut i32) (i32.const 0))
(global $digging (mut i32) (i32.const 0))

;; Take a dead object apart with function $dropper of the table, now or when the running one ends.
(func $bury (param $object i32) (param $dropper i32)
  (local $packed i32)
  (i32.store (local.get $object) (global.get $grave))
  (i32.store offset=4 (local.get $object) (i32.or
    (call $class_of (i32.load offset=4 (local.get $object)))
    (i32.shl (local.get $dropper) (i32.const 8))))
  (global.set $grave (local.get $object))
  (if (global.get $digging) (then (return)))
  (global.set $digging (i32.const 1))
  (loop $next
    (local.set $object (global.get $grave))
    (global.set $grave (i32.load (local.get $object)))
    (local.set $packed (i32.load offset=4 (local.get $object)))
    (i32.store offset=4 (local.get $object)
      (call $class_size (i32.and (local.get $packed) (i32.const 255))))
    (call_indirect (param i32)
      (local.get $object) (i32.shr_u (local.get $packed) (i32.const 8)))
    (br_if $next (global.get $grave)))
  (global.set $digging (i32.const 0)))

;; How deep a comparison of recursive values is, and the site to report if that is too deep.
(global $comparing (mut i32) (i32.const 0))
(global $compare_site (mut i32) (i32.const 0))

(func $compare_deeper
  (global.set $comparing (i32.add (global.get $comparing) (i32.const 1)))
  (if (i32.gt_u (global.get $comparing) (i32.const 1000))
    (then (call $trap (global.get $compare_site)))))

(func $compare_higher
  (global.set $comparing (i32.sub (global.get $comparing) (i32.const 1))))
