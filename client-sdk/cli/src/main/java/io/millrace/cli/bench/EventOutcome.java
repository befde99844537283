package io.millrace.cli.bench;

import io.millrace.cli.JsonText;

/**
 * What an event did to a group. Times are the longest ones without a record, or for commits without
 * one that went through, from the event's beginning until all had settled.
 *
 * @param atMillis when it began, since 1970
 * @param members how many there were in the end
 * @param settledNanos until every partition was read by whom it belongs to; negative: it never was
 * @param movedCount partitions that others read in the end
 * @param untouched of each partition that stayed with its member, and with its leader
 * @param apart of those of which the coordinator's broker has no replica either; none where the
 *     event is nothing that happens to the coordinator
 * @param ledElsewhere of each that stayed with its member, but whose leader changed
 * @param moved of each that others read in the end
 * @param ofMembers of each member that was there before and after
 * @param ofCommits likewise
 * @param firstRecordNanos until the new member had its first record; negative: there was none
 * @param repeated records that came again
 */
record EventOutcome(
    GroupEvent event,
    long atMillis,
    int members,
    long settledNanos,
    int movedCount,
    Spread untouched,
    Spread apart,
    Spread ledElsewhere,
    Spread moved,
    Spread ofMembers,
    Spread ofCommits,
    long firstRecordNanos,
    long repeated) {

  boolean isSettled() {
    return settledNanos >= 0;
  }

  void json(JsonText json) {
    json.beginObject().field("event", event.label()).field("at_ms", atMillis);
    json.field("members", members).field("moved_partitions", movedCount);
    millis("settled_ms", settledNanos, json);
    untouched.json("untouched_ms", json);
    apart.json("apart_ms", json);
    ledElsewhere.json("led_elsewhere_ms", json);
    moved.json("moved_ms", json);
    ofMembers.json("members_ms", json);
    ofCommits.json("commits_ms", json);
    millis("first_record_ms", firstRecordNanos, json);
    json.field("repeated", repeated).end();
  }

  private static void millis(String name, long nanos, JsonText json) {
    if (nanos < 0) {
      json.name(name).nullValue();
    } else {
      json.field(name, nanos / 1e6);
    }
  }
}
