package io.millrace.wire;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * One of a record's headers; these are ordered, and names may repeat.
 *
 * @param name well-formed Unicode
 * @param value null is not the same as empty; must not change
 */
@SuppressWarnings("ArrayRecordComponent") // compared by content below
public record RecordHeader(String name, byte @Nullable [] value) {
  // Written out: the compact form loses the annotation in the class file.
  public RecordHeader(String name, byte @Nullable [] value) {
    if (!Utf8.isWellFormed(name)) {
      throw new IllegalArgumentException("a header's name has half a surrogate pair");
    }
    this.name = name;
    this.value = value;
  }

  /** What it counts towards the size of its record. */
  public int sizeBytes() {
    return Utf8.sizeOf(name) + (value == null ? 0 : value.length);
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof RecordHeader that
        && name.equals(that.name)
        && Arrays.equals(value, that.value);
  }

  @Override
  public int hashCode() {
    return 31 * name.hashCode() + Arrays.hashCode(value);
  }

  @Override
  public String toString() {
    return name + "=" + (value == null ? "null" : value.length + " bytes");
  }
}
