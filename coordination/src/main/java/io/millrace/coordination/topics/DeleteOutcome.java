package io.millrace.coordination.topics;

/** What came of the wish to delete a topic. */
public sealed interface DeleteOutcome {
  /** It is marked: nobody may use it any more, and its data goes. */
  record Deleting(String topicId) implements DeleteOutcome {}

  /** There is no such topic, or not with that id. */
  record NotFound() implements DeleteOutcome {}

  /** Certainly not marked. */
  record Unavailable(String why) implements DeleteOutcome {}

  /** It may be marked, or may come to be. */
  record Unknown(String topicId, String why) implements DeleteOutcome {}
}
