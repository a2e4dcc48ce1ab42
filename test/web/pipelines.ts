/** Pipelines that the browser tests look at. `hold` waits until the test lets it go, `work` takes its time, `step` none. */

export const HOLDING = `digraph holding {
  graph [goal="Be paused while something is in flight"]
  start [shape=Mdiamond]; done [shape=Msquare]
  prepare [type=step]; first [type=hold]; second [type=step]; third [type=step]
  start -> prepare -> first -> second -> third -> done
}`;

export const REVIEW = `digraph review {
  graph [goal="Three look at it, two are enough"]
  start [shape=Mdiamond]; done [shape=Msquare]
  draft  [type=step, label="Write a draft"]
  review [shape=component, join_policy=quorum, quorum_ratio=0.6, max_parallel=3]
  style  [type=step, label="Style"]
  facts  [type=hold, label="Facts"]
  law    [type=broken, label="Law"]
  pick   [shape=tripleoctagon]
  good   [shape=diamond, label="Good enough?"]
  report [type=say, label="Report"]
  start -> draft -> review
  review -> style; review -> facts; review -> law
  style -> pick; facts -> pick; law -> pick
  pick -> good
  good -> report [label="Yes", condition="outcome=success"]
  good -> draft  [label="No"]
  report -> done
}`;

/** One gate of each kind, one after the other. */
export const GATES = `digraph gates {
  graph [goal="Ask every kind of question"]
  start [shape=Mdiamond]; done [shape=Msquare]
  ship    [shape=hexagon, label="Ship it?"]
  sure    [shape=hexagon, label="It cannot be undone."]
  where   [shape=hexagon, label="Where to?"]
  whom    [shape=hexagon, label="Whom to tell?", "human.kind"=multi_select]
  why     [shape=hexagon, label="What should the note say?", "human.kind"=freeform]
  start -> ship
  ship -> sure  [label="Yes"]
  ship -> done  [label="No"]
  sure -> where [label="Understood"]
  where -> whom [label="[E] East"]
  where -> whom2 [label="[W] West"]
  where -> whom3 [label="[B] Both"]
  whom2 [type=step]; whom3 [type=step]
  whom2 -> whom; whom3 -> whom
  whom -> why   [label="[T] The team"]
  whom -> why2  [label="[C] Customers"]
  why2 [type=step]
  why2 -> why
  why -> done
}`;

export const EACH = `digraph each {
  graph [goal="Do it for every item"]
  start [shape=Mdiamond]; done [shape=Msquare]
  all [type=foreach, shape=folder, label="Each item", items="inputs.items", body=one, max_parallel=16, on_item_failure=continue]
  subgraph one { item [type=item, label="One item"] }
  start -> all -> done
}`;

export const LOOPS = `digraph loops {
  graph [goal="Again and again"]
  start [shape=Mdiamond]; done [shape=Msquare]
  outer [type=foreach, shape=folder, items="[\\"a\\",\\"b\\",\\"c\\"]", body=chapter]
  subgraph chapter {
    read  [type=work, ms=30]
    drill [type=loop, shape=folder, body=round, until="practised=3", max_iterations=5]
    read -> drill
  }
  subgraph round { practise [type=practise] }
  start -> outer -> done
}`;

export const FLAKY = `digraph flaky {
  graph [goal="Fail, and be tried again"]
  start [shape=Mdiamond]; done [shape=Msquare]
  build [type=step]
  smoke [type=flaky, max_retries=3, retry_policy=linear]
  tests [type=broken]
  start -> build -> smoke -> tests -> done
}`;

/** Runs until it is told to stop: each step is a handful of entries. */
export const TICKING = `digraph ticking {
  graph [goal="Go on and on"]
  start [shape=Mdiamond]; done [shape=Msquare]
  tick [type=work, ms=8, max_visits=100000]
  start -> tick
  tick -> tick [condition="outcome=success"]
  tick -> done [condition="outcome=enough"]
}`;

export const TALKING = `digraph talking {
  graph [goal="Print while it runs"]
  start [shape=Mdiamond]; done [shape=Msquare]
  talk [shape=parallelogram, label="Talk", tool_command="for n in 1 2 3 4 5 6; do echo line $n; sleep 0.5; done"]
  start -> talk -> done
}`;
