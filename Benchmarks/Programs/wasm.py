"""Runs a program of programs.wat: `python3 wasm.py wasmtime|wasm3 NAME N` prints the result and the CPU nanoseconds that the
program itself took, compiling and loading apart. Needs the packages wasmtime and, for wasm3, pywasm3."""

import pathlib
import sys
import time

import wasmtime

engine_name, name, number = sys.argv[1], sys.argv[2], int(sys.argv[3])
text = pathlib.Path(__file__).with_name("programs.wat").read_text()
if engine_name == "wasmtime":
    store = wasmtime.Store()
    instance = wasmtime.Instance(store, wasmtime.Module(store.engine, text), [])
    function = instance.exports(store)[name]
    call = lambda: function(store, number)
else:
    import wasm3

    environment = wasm3.Environment()
    runtime = environment.new_runtime(1 << 20)
    runtime.load(environment.parse_module(bytes(wasmtime.wat2wasm(text))))
    function = runtime.find_function(name)
    call = lambda: function(number)
start = time.process_time_ns()
result = call()
print(result, time.process_time_ns() - start)
