package io.millrace.client.read;

import io.millrace.client.OffsetSpec;

/** Where fetching of a partition begins. */
public sealed interface StartAt {
  record Offset(long offset) implements StartAt {}

  /** To be looked up. */
  record Spec(OffsetSpec spec) implements StartAt {}
}
