package io.millrace.client.group;

/** Under which name a commit is made. */
sealed interface MemberStamp {
  /** As a member, in the epoch that it was told. */
  record Member(String memberId, int epoch) implements MemberStamp {}

  /** Of somebody who has never joined; counts while the group has no members. */
  record Stranger() implements MemberStamp {}

  /** Of a member that is out, or does not know yet whether it is in: nothing is its own. */
  record Fenced() implements MemberStamp {}
}
