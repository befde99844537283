package io.millrace.server.group;

/**
 * Which of its commits a member has made. It counts them, and each time that it sends one anew; so
 * one that comes late over an old connection is known for what it is, by whoever coordinates the
 * group then: it stands in the group's log.
 *
 * @param committer made of the member's id; only ever compared
 * @param number counts from 1; 0: the committer does not count
 */
public record CommitNumber(long committer, long number) {
  /** Of whoever does not count: the last to come is the last. */
  public static final CommitNumber NONE = new CommitNumber(0, 0);

  private static final long FNV_OFFSET = 0xCBF29CE484222325L;
  private static final long FNV_PRIME = 0x100000001B3L;

  public static CommitNumber of(String memberId, long number) {
    if (number == 0) {
      return NONE;
    }
    long hash = FNV_OFFSET;
    for (int i = 0; i < memberId.length(); i++) {
      hash = (hash ^ memberId.charAt(i)) * FNV_PRIME;
    }
    return new CommitNumber(hash, number);
  }

  /** Whether the same member has said something newer already. */
  boolean isOvertakenBy(CommitNumber last) {
    return number != 0
        && committer == last.committer
        && Long.compareUnsigned(number, last.number) < 0;
  }
}
