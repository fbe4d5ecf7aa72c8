"""A program of any length as cooperatives write them, the same for the same length.

It has a charter with rules and articles, structs, enums and `match`, maps, arrays and inline
functions over them, Decimals, texts, a generic function, state with invariants, handlers, contracts
and tests.

Left as it is from here on, so that figures of different days compare.
"""

from string import Template

_CHAPTER = Template("""\
// --- chapter $n ---

article "$n.1" { text: "What chapter $n of the bylaws says about members and their shares."; }

chapter_$n {
  title: "Chapter $n of the bylaws";
  fee: $fee;
  share: $percent%;
  probation: $days.days;
  open_to: ["members", "guests of $n"];
  spending { range 0 $low { approvers 1; } range $above $high { approvers 2; } }
}
if proposal.chapter == "chapter_$n" && proposal.amount > $low {
  decision_$n { quorum: $percent%; notice: 14d; }
} else {
  decision_$n { quorum: 40%; notice: 7d; }
}

const LIMIT_$n: Integer = $high;
const RATE_$n: Decimal = 0.$percent;

/// A member as chapter $n keeps him.
struct Member_$n {
  name: String,
  shares: Integer,
  paid: Decimal,
  tags: Array<String>,
  sponsor: Option<Integer>,
}

/// What can be asked of chapter $n.
enum Request_$n {
  Join(String, Integer),
  Pay(Integer, Decimal),
  Tag(Integer, String),
  Leave(Integer),
  Count,
}

state members_$n: Map<Integer, Member_$n> = map_new();
state next_$n: Integer = 1;

invariant "shares of chapter $n are not negative" {
  members_$n.values().all(member => member.shares >= 0)
} because article "$n.1";

/// Whose shares are above the limit of chapter $n.
fn over_limit_$n(members: Map<Integer, Member_$n>, limit: Integer) -> Array<String> {
  let found: Array<String> = [];
  for number, member in members {
    if member.shares > limit {
      found.push("\\(number): \\(member.name) has \\(member.shares)");
    } else if member.tags.contains("watched") && member.shares * 2 > limit {
      found.push(member.name.to_upper());
    }
  }
  found
}

fn fee_$n(shares: Integer, rate: Decimal) -> Decimal {
  let base = decimal(shares) * rate / 12;
  match shares {
    0 => 0.0,
    count if count < 0 => -base,
    1 | 2 | 3 => base / 2,
    count if count > LIMIT_$n => base * RATE_$n + decimal(count - LIMIT_$n),
    _ => base,
  }
}

/// Carries a request out; gives how many members there are.
export fn handle_$n(kind: Integer, number: Integer, text: String) -> Integer {
  let request = match kind {
    0 => Request_$n::Join(text, number),
    1 => Request_$n::Pay(number, RATE_$n),
    2 => Request_$n::Tag(number, text),
    3 => Request_$n::Leave(number),
    _ => Request_$n::Count,
  };
  match request {
    Request_$n::Join(name, shares) => {
      require(name.length() > 0, "a member of chapter $n has a name") because article "$n.1";
      members_$n[next_$n] = Member_$n {
        name,
        shares,
        paid: 0.0,
        tags: ["new", "chapter $n"],
        sponsor: None,
      };
      next_$n += 1;
    }
    Request_$n::Pay(who, rate) => {
      require(members_$n.contains_key(who), "chapter $n has no member \\(who)");
      members_$n[who].paid += fee_$n(members_$n[who].shares, rate);
    }
    Request_$n::Tag(who, tag) => {
      if members_$n.contains_key(who) { members_$n[who].tags.push(tag.trim()); }
    }
    Request_$n::Leave(who) => { members_$n.remove(who); }
    Request_$n::Count => {}
  }
  members_$n.size()
}

fn sponsor_of_$n(member: Member_$n) -> String {
  match member.sponsor {
    Some(number) if members_$n.contains_key(number) => members_$n[number].name,
    Some(number) => "number \\(number)",
    None => "nobody",
  }
}

/// A table of chapter $n: the weights in order, and how much they come to.
fn weights_$n(limit: Integer) -> Integer {
  let weights: Array<Integer> = [];
  let i = 0;
  while i < limit {
    weights.push((i * 37 + $n) % 101);
    i += 1;
  }
  let doubled = weights.filter(weight => weight > 10).map(weight => weight * 2);
  let total = larger(doubled.sum(), chapter_$n.fee);
  for weight in doubled.sort() {
    if weight > LIMIT_$n { break; }
    if weight % 3 == 0 { continue; }
    total += bit_and(weight, 15);
  }
  total
}

on "chapter_$n.opened" {
  log("chapter $n has been opened");
  status open;
  seats: weights_$n(5);
}
""")
_CONTRACT = Template("""
contract Fund_$n version "1.$n" {
  purpose: "keeps the money of chapter $n";

  enum Kind { Gift, Loan(Integer) }
  state balance: Integer = $fee;
  invariant "fund $n is not in debt" { balance >= 0 }

  fn cost(kind: Kind) -> Integer {
    match kind {
      Kind.Gift => 0,
      Kind.Loan(amount) if amount > LIMIT_$n => amount / 50,
      Kind.Loan(amount) => amount / 100,
    }
  }

  public {
    fn receive(amount: Integer) -> Integer {
      require(amount > 0 && amount <= LIMIT_$n, "between 1 and \\(LIMIT_$n)");
      balance += amount;
      balance
    }
    fn pay(amount: Integer) -> Integer {
      balance -= amount + cost(Kind.Loan(amount));
      emit "fund_$n.paid" { amount: amount; left: balance; };
      balance
    }
  }
}
""")
_TEST = Template("""
test fn chapter_${n}_counts_its_members() {
  assert_eq(handle_$n(0, 3, "Ana"), 1);
  assert_eq(over_limit_$n(members_$n, 2), ["1: Ana has 3"]);
  assert_eq(sponsor_of_$n(members_$n[1]), "nobody");
}

""")
_HEAD = """\
title: "Bylaws of many chapters";
version "1.0.0";

fn larger<T>(a: T, b: T) -> T { if a > b { a } else { b } }

"""


def mixed_program(lines: int) -> str:
    """A program of about `lines` lines, a head and at least one chapter."""
    parts, written, number = [_HEAD], _HEAD.count("\n"), 0
    while written < lines or number == 0:
        chapter = _chapter(number)
        parts.append(chapter)
        written += chapter.count("\n") + 1
        number += 1
    runs = "".join(f"  total += weights_{n}({n % 40});\n" for n in range(number))
    return "".join((*parts, "execution {\n  let total = 0;\n", runs, "  total\n}\n"))


def _chapter(number: int) -> str:
    low = 100 + number % 400
    names = {
        "n": number,
        "fee": 20 + number % 13,
        "percent": 41 + number % 50,
        "days": 30 + number % 60,
        "low": low,
        "above": low + 1,
        "high": low + 1000,
    }
    parts = (_CHAPTER, _CONTRACT, _TEST) if number % 4 == 0 else (_CHAPTER, _TEST)
    return "".join(part.substitute(names) for part in parts)
