export const help = `distlog - reads log records as trees of tasks

Usage:
  distlog tree [FILE...] [options]

Reads OTLP/JSON lines, as the Collector's file exporter and distlogd's file sink write them, from files, from
directories (their *.json, *.jsonl and *.gz) or, without any, from standard input (also named -), and shows what
each request tried to do, and where it failed. Records may come from many processes, in any order.

Options:
  --trace ID          only the trace whose id begins so
  --failed            only trees in which a task failed
  --unfold WHICH      which tasks are opened: failing (default), all, none
  --json              one JSON object a line for each task, instead of text; with --unfold all its records too
  --ascii             for terminals without UTF-8
  --color WHEN        auto (default: on a terminal, unless NO_COLOR is set), always, never
  --width N           cut lines to N columns, from 20 (default: the terminal's; not cut elsewhere)
  -h, --help          this page

Signs:
  ✔ succeeded   ✘ failed   ⊘ cancelled   ◌ abandoned   … no end seen: it runs, or its end is not here
  ⋯ something is not here: held back, lost, or of another source   ↪ a tree that goes on elsewhere

Exit codes:
  0 done   64 wrong arguments   65 no readable record   66 no such file
`;
