"""Modules that submit jobs, for tests of delegation."""

import wasmtime

from runtime.content.cid import Cid


def submitter_of(*children: tuple[Cid, str, int]) -> bytes:
    """A module that submits jobs: of each the module, the type of its resource, and its amount."""
    texts, calls = "", ""
    for module, resource_type, amount in children:
        places = []
        for text in (str(module), "a part", resource_type, "medium"):
            places.append(f"(i32.const {len(texts)}) (i32.const {len(text)})")
            texts += text
        cid, description, kind, priority = places
        calls += (
            f"(drop (call $submit {cid} {description} {kind} (i64.const {amount}) {priority}))\n"
        )
    parameters = "i32 i32 i32 i32 i32 i32 i64 i32 i32"
    return bytes(
        wasmtime.wat2wasm(
            f"""
            (module
              (import "icn_host" "host_submit_job" (func $submit (param {parameters}) (result i32)))
              (memory (export "memory") 1)
              (data (i32.const 0) "{texts}")
              (func (export "run") {calls}))
            """
        )
    )
