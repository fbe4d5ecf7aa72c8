;; The allocator. Blocks follow one another from the beginning of the used memory to its end: a
;; header of 8 bytes, then room. The second word of the header is the size of the whole block, a
;; multiple of 8, with flags; the first is the owner's (an object counts its references there).
;;   1 the block before is free    2 this block is free    4 a text that has a cursor
;; The first and third word of a free block link those of a size class; its last one is its size
;; again, for the block behind. No two free blocks are neighbours, and none is the last one: the
;; used memory ends before it. So a loop that keeps nothing leaves memory as it was.
;;   0 the null object: an empty immortal one, so that releasing nothing needs no test
;;  16 end of the used memory    20 its beginning    24 encoder's buffer    28 its size
;;  32 heads of the free lists, one i32 for each of the 64 size classes
;; 288 cursors of texts, see points.wat

;; The size classes that have a free block, one bit each.
(global $free_classes (mut i64) (i64.const 0))

;; The size class whose blocks have room for $bytes: 8, 16 … 120, 128, 192, 256, 384 …
(func $class_of (param $bytes i32) (param $site i32) (result i32)
  (local $last i32) (local $log i32)
  (if (i32.le_u (local.get $bytes) (i32.const 120))
    (then (return (i32.shr_u
      (i32.add (local.get $bytes) (i32.add (i32.const 7) (i32.eqz (local.get $bytes))))
      (i32.const 3)))))
  (if (i32.gt_u (local.get $bytes) (i32.const 0x40000000)) (then (call $trap (local.get $site))))
  (local.set $last (i32.sub (local.get $bytes) (i32.const 1)))
  (local.set $log (i32.sub (i32.const 31) (i32.clz (local.get $last))))
  (i32.add
    (i32.add (i32.shl (local.get $log) (i32.const 1)) (i32.const 3))
    (i32.and (i32.const 1)
      (i32.shr_u (local.get $last) (i32.sub (local.get $log) (i32.const 1))))))

;; Bytes of the blocks of a size class, with the header.
(func $class_size (param $class i32) (result i32)
  (local $log i32)
  (if (i32.lt_u (local.get $class) (i32.const 16))
    (then (return (i32.shl (i32.add (local.get $class) (i32.const 1)) (i32.const 3)))))
  (local.set $log (i32.sub (i32.shr_u (local.get $class) (i32.const 1)) (i32.const 1)))
  (i32.add (i32.const 8)
    (i32.shl
      (select (i32.const 3) (i32.const 2) (i32.and (local.get $class) (i32.const 1)))
      (i32.sub (local.get $log) (i32.const 1)))))

;; The largest size class that a free block of $size bytes has room for.
(func $class_within (param $size i32) (result i32)
  (local $log i32) (local $class i32)
  (local.set $size (i32.sub (local.get $size) (i32.const 8)))
  (if (i32.lt_u (local.get $size) (i32.const 128))
    (then (return (i32.shr_u (local.get $size) (i32.const 3)))))
  (local.set $log (i32.sub (i32.const 31) (i32.clz (local.get $size))))
  (local.set $class (i32.add
    (i32.add (i32.shl (local.get $log) (i32.const 1)) (i32.const 2))
    (i32.and (i32.const 1)
      (i32.shr_u (local.get $size) (i32.sub (local.get $log) (i32.const 1))))))
  (select (local.get $class) (i32.const 63) (i32.lt_u (local.get $class) (i32.const 63))))

;; A block with room for $bytes; its first word is not set.
(func $allocate (param $bytes i32) (param $site i32) (result i32)
  (local $class i32) (local $size i32) (local $block i32) (local $fitting i64)
  (local.set $class (call $class_of (local.get $bytes) (local.get $site)))
  (local.set $size (call $class_size (local.get $class)))
  (local.set $fitting
    (i64.shr_u (global.get $free_classes) (i64.extend_i32_u (local.get $class))))
  (if (i64.eqz (local.get $fitting))
    (then
      (local.set $block (call $extend (local.get $size) (local.get $site)))
      (i32.store offset=4 (local.get $block) (local.get $size))
      (return (local.get $block))))
  (local.set $block (i32.load offset=32 (i32.shl
    (i32.add (local.get $class) (i32.wrap_i64 (i64.ctz (local.get $fitting))))
    (i32.const 2))))
  (call $unlink (local.get $block))
  (call $carve
    (local.get $block)
    (i32.and (i32.load offset=4 (local.get $block)) (i32.const -8))
    (local.get $size))
  (local.get $block))

;; Give back a block.
(func $free (param $block i32)
  (local $size i32) (local $next i32) (local $word i32)
  (local.set $word (i32.load offset=4 (local.get $block)))
  (local.set $size (i32.and (local.get $word) (i32.const -8)))
  (local.set $next (i32.add (local.get $block) (local.get $size)))
  (if (i32.and (local.get $word) (i32.const 1))
    (then
      (local.set $block (i32.sub
        (local.get $block) (i32.load (i32.sub (local.get $block) (i32.const 4)))))
      (call $unlink (local.get $block))))
  (if (i32.eq (local.get $next) (i32.load offset=16 (i32.const 0)))
    (then
      (i32.store offset=16 (i32.const 0) (local.get $block))
      (return)))
  (local.set $word (i32.load offset=4 (local.get $next)))
  (if (i32.and (local.get $word) (i32.const 2))
    (then
      (call $unlink (local.get $next))
      (local.set $next
        (i32.add (local.get $next) (i32.and (local.get $word) (i32.const -8)))))
    (else (i32.store offset=4 (local.get $next) (i32.or (local.get $word) (i32.const 1)))))
  (call $link (local.get $block) (i32.sub (local.get $next) (local.get $block))))

;; Put a block into the list of its size class; its neighbours are in use, and the one behind
;; knows that it is free.
(func $link (param $block i32) (param $size i32)
  (local $class i32) (local $head i32) (local $next i32)
  (local.set $class (call $class_within (local.get $size)))
  (local.set $head (i32.add (i32.const 32) (i32.shl (local.get $class) (i32.const 2))))
  (local.set $next (i32.load (local.get $head)))
  (i32.store (local.get $block) (local.get $next))
  (i32.store offset=4 (local.get $block) (i32.or (local.get $size) (i32.const 2)))
  (i32.store offset=8 (local.get $block) (local.get $head))
  (i32.store
    (i32.sub (i32.add (local.get $block) (local.get $size)) (i32.const 4)) (local.get $size))
  (i32.store (local.get $head) (local.get $block))
  (if (local.get $next)
    (then (i32.store offset=8 (local.get $next) (local.get $block)))
    (else (global.set $free_classes (i64.or
      (global.get $free_classes)
      (i64.shl (i64.const 1) (i64.extend_i32_u (local.get $class))))))))

;; Take a block out of its list. What is before it links it by its first word: a block or a head.
(func $unlink (param $block i32)
  (local $next i32) (local $before i32)
  (local.set $next (i32.load (local.get $block)))
  (local.set $before (i32.load offset=8 (local.get $block)))
  (i32.store (local.get $before) (local.get $next))
  (if (local.get $next)
    (then (i32.store offset=8 (local.get $next) (local.get $before)))
    (else
      (if (i32.lt_u (local.get $before) (i32.const 288))
        (then (global.set $free_classes (i64.xor
          (global.get $free_classes)
          (i64.shl (i64.const 1) (i64.extend_i32_u
            (i32.shr_u (i32.sub (local.get $before) (i32.const 32)) (i32.const 2)))))))))))

;; Use the first $size of the $have bytes of a block, which is in no list, and give back the rest.
(func $carve (param $block i32) (param $have i32) (param $size i32)
  (local $rest i32) (local $next i32)
  (local.set $rest (i32.sub (local.get $have) (local.get $size)))
  (if (i32.ge_u (local.get $rest) (i32.const 16))
    (then (call $link (i32.add (local.get $block) (local.get $size)) (local.get $rest)))
    (else
      (local.set $size (local.get $have))
      (local.set $next (i32.add (local.get $block) (local.get $have)))
      (i32.store offset=4 (local.get $next)
        (i32.and (i32.load offset=4 (local.get $next)) (i32.const -2)))))
  (i32.store offset=4 (local.get $block) (i32.or
    (local.get $size)
    (i32.and (i32.load offset=4 (local.get $block)) (i32.const 5)))))

;; Bytes that a block has room for.
(func $room_of (param $block i32) (result i32)
  (i32.sub (i32.and (i32.load offset=4 (local.get $block)) (i32.const -8)) (i32.const 8)))

;; Whether memory has been refused.
(global $tight (mut i32) (i32.const 0))

;; Bytes beyond the used memory, which grows if it must.
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

;; A block with the contents of $block and room for $bytes, which it has not, and a quarter more:
;; the block itself where it is the last one or enough is free behind it.
(func $resize (param $block i32) (param $bytes i32) (param $site i32) (result i32)
  (local $class i32) (local $word i32) (local $old i32) (local $size i32)
  (local $next i32) (local $fresh i32)
  (local.set $bytes
    (i32.add (local.get $bytes) (i32.shr_u (local.get $bytes) (i32.const 2))))
  (local.set $class (call $class_of (local.get $bytes) (local.get $site)))
  (local.set $size (call $class_size (local.get $class)))
  (local.set $word (i32.load offset=4 (local.get $block)))
  (local.set $old (i32.and (local.get $word) (i32.const -8)))
  (local.set $next (i32.add (local.get $block) (local.get $old)))
  (if (i32.eq (local.get $next) (i32.load offset=16 (i32.const 0)))
    (then
      ;; memory grows only where no free block is large enough
      (if (i32.or
            (i32.le_u
              (i32.sub (local.get $size) (local.get $old))
              (i32.sub (i32.shl (memory.size) (i32.const 16)) (local.get $next)))
            (i64.eqz (i64.shr_u
              (global.get $free_classes) (i64.extend_i32_u (local.get $class)))))
        (then
          (drop (call $extend (i32.sub (local.get $size) (local.get $old)) (local.get $site)))
          (i32.store offset=4 (local.get $block)
            (i32.add (local.get $word) (i32.sub (local.get $size) (local.get $old))))
          (return (local.get $block)))))
    (else
      (local.set $word (i32.load offset=4 (local.get $next)))
      (local.set $fresh
        (i32.add (local.get $old) (i32.and (local.get $word) (i32.const -8))))
      (if (i32.and
            (i32.shr_u (local.get $word) (i32.const 1))
            (i32.ge_u (local.get $fresh) (local.get $size)))
        (then
          (call $unlink (local.get $next))
          (call $carve (local.get $block) (local.get $fresh) (local.get $size))
          (return (local.get $block))))))
  (local.set $fresh (call $allocate (local.get $bytes) (local.get $site)))
  (i32.store (local.get $fresh) (i32.load (local.get $block)))
  (memory.copy
    (i32.add (local.get $fresh) (i32.const 8))
    (i32.add (local.get $block) (i32.const 8))
    (i32.sub (local.get $old) (i32.const 8)))
  (call $free (local.get $block))
  (local.get $fresh))

;; A counted object of $bytes, with its header, and one reference; its fields are not set.
(func $new (param $bytes i32) (param $site i32) (result i32)
  (local $object i32)
  (local.set $object (call $allocate
    (i32.sub (local.get $bytes) (i32.const 8)) (local.get $site)))
  (i32.store (local.get $object) (i32.const 1))
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

;; Release an object that refers to no other.
(func $release (param $object i32)
  (if (call $let_go (local.get $object)) (then (call $free (local.get $object)))))

;; A new object with the same $bytes; what it refers to is not counted here.
(func $copy_object (param $object i32) (param $bytes i32) (param $site i32) (result i32)
  (local $copy i32)
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
;; could go as deep as a chain is long. Each type has a grave in the data segment:
;;   0 its last dead object    4 the next grave that has any    8 its dropper's place in the table
(global $graves (mut i32) (i32.const 0))
(global $digging (mut i32) (i32.const 0))

;; Take a dead object apart, now or when the running one ends.
(func $bury (param $object i32) (param $grave i32)
  (local $below i32)
  (local.set $below (i32.load (local.get $grave)))
  (i32.store (local.get $object) (local.get $below))
  (i32.store (local.get $grave) (local.get $object))
  (if (i32.eqz (local.get $below))
    (then
      (i32.store offset=4 (local.get $grave) (global.get $graves))
      (global.set $graves (local.get $grave))))
  (if (global.get $digging) (then (return)))
  (global.set $digging (i32.const 1))
  (loop $next
    (local.set $grave (global.get $graves))
    (local.set $object (i32.load (local.get $grave)))
    (local.set $below (i32.load (local.get $object)))
    (i32.store (local.get $grave) (local.get $below))
    (if (i32.eqz (local.get $below))
      (then (global.set $graves (i32.load offset=4 (local.get $grave)))))
    (call_indirect (param i32) (local.get $object) (i32.load offset=8 (local.get $grave)))
    (br_if $next (global.get $graves)))
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
