"""Prices of the host's work in fuel: one row for each call, and for what surrounds an entry.

The runtime charges it before the work is done, the compiler counts it in bounds, `make bench`
shows that no row buys much more time than as much fuel of plain code. An instruction costs about
one. The rows are part of what every executor must agree on: they are hashed into the engine's
configuration.
"""

from collections.abc import Mapping
from typing import Final

from msgspec import Struct


class Price(Struct, frozen=True, kw_only=True):
    """call: for each. byte: for each that is read from the guest's memory or written to it.

    item: for each of what `items` names; those of a value are weighed as in
    `runtime.content.heads`: a list or map counts as four, a link as eight. suggestion: for a
    refusal that names the nearest of the known names.
    """

    call: int = 20_000
    byte: int = 2
    item: int = 0
    suggestion: int = 0
    items: str = ""


CONTEXT_ITEMS_FREE: Final = 256
"""Of each part of what a context brings along: an execution's start pays for so many."""
_VALUE_ITEM: Final = 2_500
_CALL: Final = Price()
_TEXTS: Final = Price(call=60_000, byte=12)
_WRITES: Final = Price(call=45_000)


def _of_value(call: int, byte: int = 4, items: str = "items of the value") -> Price:
    return Price(call=call, byte=byte, item=_VALUE_ITEM, items=items)


HOST_PRICES: Final[Mapping[str, Price]] = {
    "host_submit_job": Price(call=300_000, byte=16, suggestion=200_000),
    "host_submit_manifest": Price(
        call=350_000, byte=16, item=8_000, suggestion=400_000, items="items of the manifest"
    ),
    "host_check_resource_authorization": Price(call=80_000, byte=12, suggestion=500_000),
    "host_record_resource_usage": Price(call=200_000, byte=12, suggestion=500_000),
    "host_anchor_to_dag": Price(call=200_000, byte=24),
    "host_log_message": Price(call=60_000, byte=24),
    "host_last_refusal": _WRITES,
    "host_read_input": Price(call=40_000),
    "host_input_cid": Price(call=40_000),
    "host_write_output": Price(call=40_000, byte=20),
    "host_get_caller": _WRITES,
    "host_get_current_time": Price(call=25_000),
    "host_random": Price(call=30_000),
    "host_get_context": _of_value(55_000, 12, "items of the record, when it is first read"),
    "host_get_token_balance": _TEXTS,
    "host_caller_has_role": Price(
        call=60_000, byte=12, item=1_000, items="roles, when first asked"
    ),
    "host_get_reputation": Price(call=25_000),
    "host_read_state": Price(call=70_000, byte=16),
    "host_state_shape": Price(call=70_000, byte=16),
    "host_state_difference": Price(call=90_000, byte=24, item=2_000, items="variables of the home"),
    "host_declare_state": Price(call=200_000, byte=24, item=2_000, items="variables of the home"),
    "host_read_contract": _of_value(90_000, 12, "items of all values of the home"),
    "host_write_state": _of_value(150_000, 20),
    "host_emit": _of_value(250_000, 24),
    "host_mint_tokens": Price(call=300_000, byte=12),
    "host_burn_tokens": Price(call=300_000, byte=12),
    "host_transfer_tokens": Price(call=400_000, byte=12),
    "host_token_balance": Price(call=60_000, byte=16),
    "host_token_holders": Price(call=120_000, byte=20, item=4_000, items="holders of the class"),
    "host_calculate_cid": Price(call=100_000, byte=4),
    "host_dag_put": Price(call=400_000, byte=20),
    "host_dag_get": Price(call=200_000, byte=12),
    "host_dag_pin": Price(call=300_000, byte=12),
    "host_dag_unpin": Price(call=300_000, byte=12),
    "host_begin_section": Price(call=120_000, byte=32, item=6_000, items="items of the label"),
    "host_set_property": Price(call=140_000, byte=32, item=6_000, items="items of the value"),
    "host_end_section": Price(call=100_000),
    "host_leave_undecided": Price(call=120_000, byte=32),
}

TEST_PRICES: Final[Mapping[str, Price]] = {
    "test_enter": _TEXTS,
    "test_compare": Price(call=80_000, byte=12),
    "test_caller": Price(call=300_000, byte=12),
    "test_time": Price(call=150_000),
    "test_advance": Price(call=150_000),
    "test_role": Price(call=150_000, byte=12),
    "test_input": Price(call=160_000, byte=12),
    "test_balance": Price(call=160_000, byte=12),
    "test_effects": _of_value(90_000, 12, "eight for each effect so far, items of values"),
    "test_log": Price(call=80_000, byte=12, item=1_000, items="lines so far"),
}

_WASI_ANSWERS: Final = (
    "environ_get",
    "fd_advise",
    "fd_allocate",
    "fd_close",
    "fd_datasync",
    "fd_fdstat_set_flags",
    "fd_fdstat_set_rights",
    "fd_filestat_set_size",
    "fd_filestat_set_times",
    "fd_pread",
    "fd_prestat_get",
    "fd_prestat_dir_name",
    "fd_pwrite",
    "fd_readdir",
    "fd_renumber",
    "fd_seek",
    "fd_sync",
    "fd_tell",
    "path_create_directory",
    "path_filestat_get",
    "path_filestat_set_times",
    "path_link",
    "path_open",
    "path_readlink",
    "path_remove_directory",
    "path_rename",
    "path_symlink",
    "path_unlink_file",
    "proc_raise",
    "sched_yield",
    "sock_accept",
    "sock_recv",
    "sock_send",
    "sock_shutdown",
)
_WASI_WRITES: Final = (
    "args_sizes_get",
    "environ_sizes_get",
    "clock_res_get",
    "clock_time_get",
    "fd_fdstat_get",
    "fd_filestat_get",
)
WASI_PRICES: Final[Mapping[str, Price]] = {
    **dict.fromkeys(_WASI_ANSWERS, _CALL),
    **dict.fromkeys(_WASI_WRITES, _WRITES),
    "proc_exit": Price(call=300_000),
    "args_get": Price(item=20_000, items="arguments"),
    "fd_read": Price(call=40_000, byte=4, item=8_000, items="buffers"),
    "fd_write": Price(call=45_000, byte=20, item=8_000, items="buffers, and lines of stderr"),
    "poll_oneoff": Price(call=40_000, byte=4, item=12_000, items="subscriptions"),
    "random_get": Price(call=50_000, byte=4),
}

RUN_PRICES: Final[Mapping[str, Price]] = {
    "arguments": Price(call=0, byte=4, item=3_500, items="items of the arguments"),
    "value": Price(call=0, byte=20, item=_VALUE_ITEM, items="items of the entry's value"),
    "state": Price(call=0, byte=0, item=4_000, items="items of the caller's state snapshot"),
    "policy": Price(call=0, byte=0, item=12_000, items="members on a permit list"),
    "tokens": Price(call=0, byte=0, item=_VALUE_ITEM, items="items of the register of holders"),
}
"""Costs around the calls: arguments and result of an entry, and data loaded on first use."""

PRICES: Final[Mapping[str, Price]] = {**HOST_PRICES, **TEST_PRICES, **WASI_PRICES, **RUN_PRICES}
