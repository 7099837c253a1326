;; The integer programs of the Flat benchmarks for WebAssembly engines. Written by hand, close to what a compiler without
;; clever ideas would write. Memory: 3 pages hold the sieve's flags or the three matrices of 64 by 64 numbers.
(module
  (memory 3)

  (func $fib (export "fib") (param $n i64) (result i64)
    (if (i64.lt_s (local.get $n) (i64.const 2)) (then (return (local.get $n))))
    (i64.add
      (call $fib (i64.sub (local.get $n) (i64.const 1)))
      (call $fib (i64.sub (local.get $n) (i64.const 2)))))

  (func (export "loop") (param $n i64) (result i64) (local $s i64) (local $i i64)
    (block $end
      (loop $turn
        (br_if $end (i64.ge_s (local.get $i) (local.get $n)))
        (local.set $s
          (i64.and
            (i64.add (i64.mul (local.get $s) (i64.const 31)) (local.get $i))
            (i64.const 0xFFFFFF)))
        (local.set $i (i64.add (local.get $i) (i64.const 1)))
        (br $turn)))
    (local.get $s))

  (func (export "collatz") (param $n i64) (result i64)
    (local $best i64) (local $i i64) (local $c i64) (local $x i64)
    (local.set $i (i64.const 1))
    (block $end
      (loop $next
        (br_if $end (i64.ge_s (local.get $i) (local.get $n)))
        (local.set $c (i64.const 0))
        (local.set $x (local.get $i))
        (block $done
          (loop $turn
            (br_if $done (i64.eq (local.get $x) (i64.const 1)))
            (if (i64.eqz (i64.rem_s (local.get $x) (i64.const 2)))
              (then (local.set $x (i64.div_s (local.get $x) (i64.const 2))))
              (else (local.set $x (i64.add (i64.mul (local.get $x) (i64.const 3)) (i64.const 1)))))
            (local.set $c (i64.add (local.get $c) (i64.const 1)))
            (br $turn)))
        (if (i64.gt_s (local.get $c) (local.get $best)) (then (local.set $best (local.get $c))))
        (local.set $i (i64.add (local.get $i) (i64.const 1)))
        (br $next)))
    (local.get $best))

  (func (export "sieve") (param $n i64) (result i64) (local $i i64) (local $j i64) (local $c i64)
    (block $filled
      (loop $fill
        (br_if $filled (i64.ge_s (local.get $i) (local.get $n)))
        (i32.store8 (i32.wrap_i64 (local.get $i)) (i32.const 1))
        (local.set $i (i64.add (local.get $i) (i64.const 1)))
        (br $fill)))
    (local.set $i (i64.const 2))
    (block $sieved
      (loop $next
        (br_if $sieved (i64.ge_s (i64.mul (local.get $i) (local.get $i)) (local.get $n)))
        (if (i32.load8_u (i32.wrap_i64 (local.get $i)))
          (then
            (local.set $j (i64.mul (local.get $i) (local.get $i)))
            (block $struck
              (loop $strike
                (br_if $struck (i64.ge_s (local.get $j) (local.get $n)))
                (i32.store8 (i32.wrap_i64 (local.get $j)) (i32.const 0))
                (local.set $j (i64.add (local.get $j) (local.get $i)))
                (br $strike)))))
        (local.set $i (i64.add (local.get $i) (i64.const 1)))
        (br $next)))
    (local.set $i (i64.const 2))
    (block $counted
      (loop $count
        (br_if $counted (i64.ge_s (local.get $i) (local.get $n)))
        (if (i32.load8_u (i32.wrap_i64 (local.get $i)))
          (then (local.set $c (i64.add (local.get $c) (i64.const 1)))))
        (local.set $i (i64.add (local.get $i) (i64.const 1)))
        (br $count)))
    (local.get $c))

  ;; The place of an element of the matrix that begins at $m.
  (func $at (param $m i32) (param $i i64) (param $j i64) (result i32)
    (i32.add
      (local.get $m)
      (i32.wrap_i64
        (i64.add (i64.shl (local.get $i) (i64.const 9)) (i64.shl (local.get $j) (i64.const 3))))))

  (func (export "matmul") (param $n i64) (result i64) (local $i i64) (local $j i64) (local $k i64) (local $s i64)
    (block $filled
      (loop $rows
        (br_if $filled (i64.ge_s (local.get $i) (local.get $n)))
        (local.set $j (i64.const 0))
        (block $row
          (loop $columns
            (br_if $row (i64.ge_s (local.get $j) (local.get $n)))
            (i64.store
              (call $at (i32.const 0) (local.get $i) (local.get $j)) (i64.add (local.get $i) (local.get $j)))
            (i64.store
              (call $at (i32.const 32768) (local.get $i) (local.get $j)) (i64.sub (local.get $i) (local.get $j)))
            (i64.store (call $at (i32.const 65536) (local.get $i) (local.get $j)) (i64.const 0))
            (local.set $j (i64.add (local.get $j) (i64.const 1)))
            (br $columns)))
        (local.set $i (i64.add (local.get $i) (i64.const 1)))
        (br $rows)))
    (local.set $i (i64.const 0))
    (block $done
      (loop $rows
        (br_if $done (i64.ge_s (local.get $i) (local.get $n)))
        (local.set $j (i64.const 0))
        (block $row
          (loop $columns
            (br_if $row (i64.ge_s (local.get $j) (local.get $n)))
            (local.set $s (i64.const 0))
            (local.set $k (i64.const 0))
            (block $sum
              (loop $terms
                (br_if $sum (i64.ge_s (local.get $k) (local.get $n)))
                (local.set $s
                  (i64.add
                    (local.get $s)
                    (i64.mul
                      (i64.load (call $at (i32.const 0) (local.get $i) (local.get $k)))
                      (i64.load (call $at (i32.const 32768) (local.get $k) (local.get $j))))))
                (local.set $k (i64.add (local.get $k) (i64.const 1)))
                (br $terms)))
            (i64.store (call $at (i32.const 65536) (local.get $i) (local.get $j)) (local.get $s))
            (local.set $j (i64.add (local.get $j) (i64.const 1)))
            (br $columns)))
        (local.set $i (i64.add (local.get $i) (i64.const 1)))
        (br $rows)))
    (i64.add
      (i64.load (call $at (i32.const 65536) (i64.const 1) (i64.const 2)))
      (i64.load
        (call $at
          (i32.const 65536)
          (i64.sub (local.get $n) (i64.const 1))
          (i64.sub (local.get $n) (i64.const 2)))))))
