"""Layout of CCL values in linear memory, and the names that a module exports.

Scalars are WebAssembly values: Bool is i32 (0 or 1); Integer, Decimal (millionths),
Timestamp and Duration (seconds), Mana, Token and Job are i64. Everything else is an i32
pointer to a counted object, 8-aligned, little-endian. A field or element takes 8 bytes
whatever its type, so that offsets need no table.

    object   +0 i32 references (IMMORTAL: a constant, never counted or freed)
             +4 i32 the allocator's: size of the block in bytes, with this header, and flags
    String, Did, Cid, Data
             +8 i32 length in bytes, +12 i32 code points (Data: 0), +16 bytes
             (Data is the canonical DAG-CBOR of the value)
    Struct   +8 fields in declaration order, 8 bytes each
    Enum, Option, Result
             +8 i64 tag, +16 payload in order, 8 bytes each
    Array    +8 i32 length, +12 i32 slots, +16 i32 pointer to the element block
    Map      +8 i32 live entries, +12 i32 used entries, +16 i32 entry slots,
             +20 i32 pointer to the entries (24 bytes each: i64 hash or -1 if removed, key,
             value; in insertion order), +24 i32 pointer to the index, +28 i32 index slots,
             +32 i32 bytes of the removed entries at the front

Values copy: a copy is another reference to the same object, and a write first makes the
object unique along its path (copy on write). A parameter is borrowed: the callee does not
count it; where the callee may change it, the caller makes it unique first and the callee
writes in place. No value can contain itself, so counting frees everything. Address 0 holds
an immortal object without content, so that a null pointer can be released; words 16 to 383
are the library's own (`ccl/wasm/library/memory.wat`).

Values cross (arguments, results, Data, manifests) in canonical DAG-CBOR:

    Integer, Timestamp, Duration, Mana, Token, Job   integer
    Decimal        text, `"0.66"`: at most six places, no zeros at the end
    Bool           true or false             String, Did, Cid   text
    Array          list                      Map   list of [key, value], in insertion order
                   (with text keys a map is read too)
    Struct         map by field name; a missing field is read as None where it is an Option
    enum variant   its name; with a payload {name: value}, with several {name: [values]}
    Option         null or the value; if that could be null itself, [value]
    Result         {"Ok": value} or {"Err": value}
    Unit           null                      Data   as it is

An export whose value is Err traps instead (`ccl.abi.sections.ENTRY_ERR_REASON`). Charter
values are texts, booleans, lists, maps of inline objects, and numbers: a plain integer as it
is, one with a unit or with decimal places as `{"unit": "%", "value": 50}`, where the value is
an integer or the text of a Decimal. A section's version is its property `version`.
"""

from typing import Final

IMMORTAL: Final = 0x4000_0000
HEADER_BYTES: Final = 8
SLOT_BYTES: Final = 8
CALL_DEPTH_MAX: Final = 1000
CHARTER_DEPTH_MAX: Final = 32
"""Sections of a charter that are open at once."""

MEMORY_EXPORT: Final = "memory"
RUN_EXPORT: Final = "run"
CHARTER_EXPORT: Final = "charter"
HANDLER_PREFIX: Final = "on:"
ALLOCATE_EXPORT: Final = "ccl_allocate"
"""`(bytes i32) -> ptr i32`: room for an argument list."""
SITE_GLOBAL: Final = "ccl_site"
"""Exported mutable i32: the site number stored before `unreachable`; 0 if none was."""
DETAIL_POINTER_GLOBAL: Final = "ccl_detail_ptr"
DETAIL_LENGTH_GLOBAL: Final = "ccl_detail_len"
"""Exported mutable i32: UTF-8 text that belongs to the trap (a `require` message, an Err)."""

RUNTIME_EXPORTS: Final = frozenset(
    {MEMORY_EXPORT, ALLOCATE_EXPORT, SITE_GLOBAL, DETAIL_POINTER_GLOBAL, DETAIL_LENGTH_GLOBAL}
)
"""Names that every module may export for the runtime, so that no function is exported as one."""
