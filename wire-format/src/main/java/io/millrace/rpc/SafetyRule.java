package io.millrace.rpc;

import java.util.HashSet;
import java.util.Set;

/**
 * Rules whose absence has lost data in other systems, in this one's design, or, numbers F, in this
 * one. The simulator leaves them out one at a time, and must then find the loss: so the tests of
 * replication prove that they could fail. Nothing outside of the test jar can leave one out.
 *
 * <p>Numbers are those of the reliability document; each text says what is done without the rule.
 */
public enum SafetyRule {
  R1("a follower cuts its log to its own high watermark"),
  R2("a follower cuts by one answer, without asking again"),
  R3("fetches carry no leader epoch"),
  R4("a replica joins at the high watermark, before the epoch's first offset"),
  R5("only the confirmed in-sync set counts while a change is in flight"),
  R6("a replica is admitted without checking its incarnation"),
  R7("the sole member leads again after a doubtful start"),
  R8("brokers are compared by id alone"),
  R9("a live node that exists is taken for our own"),
  R10("a conflict with our own write is taken for somebody else's for ever"),
  R11("partition nodes are written without their version"),
  R13("a new epoch is remembered before the role change has ended"),
  R14("replicas are deleted by name, without topic id"),
  R15("sequences are not rebuilt at a change of leader"),
  R16("a gap in the sequences is answered as if a retry could help"),
  R20("a commit counts whoever makes it, in whatever epoch of the member"),
  R21("a failed force is tried again"),
  R22("recovery cuts at the first damaged batch, wherever it is"),
  R23("data whose metadata is missing is deleted"),
  H1("a doubtful broker registers before it has left its sets"),
  H2("a commit is judged by one of the sets that may stand"),
  H3("the sole member has forced its log only to the high watermark"),
  H4("a doubtful last member leads without proof"),
  H5("the minimum is judged by the union of the sets that may stand"),
  H8("an unmoved version is taken for a write that failed"),
  H9("a restarted leader goes on in its old epoch"),
  H10("the boot id is recorded before the removals are confirmed"),
  H11("a replica joins a synced partition by its log's end"),
  H13("a stopping follower removes itself"),
  H14("a candidate fetches between its write and the outcome"),
  H15("a leader appends what only it vouches for, or nobody can tell again, while it hands over"),
  H16("a damaged copy begins anew in the epoch that it was used in"),
  H17("what a sole member has vouched for is not held against what it has"),
  H18("the roll call goes by who has left, also where the last has lost what it had forced"),
  F1("what a failed force has left in the page cache is not written again"),
  F4("a log that could not be opened is not tried again");

  private static volatile Set<SafetyRule> leftOut = Set.of();

  private final String without;

  SafetyRule(String without) {
    this.without = without;
  }

  /** What is done when the rule is left out. */
  public String without() {
    return without;
  }

  /** False outside of the simulator. Any thread. */
  public boolean isLeftOut() {
    return leftOut.contains(this);
  }

  /** By the test jar only. */
  void leaveOut(boolean leaveOut) {
    synchronized (SafetyRule.class) {
      Set<SafetyRule> rules = new HashSet<>(SafetyRule.leftOut);
      if (leaveOut) {
        rules.add(this);
      } else {
        rules.remove(this);
      }
      SafetyRule.leftOut = Set.copyOf(rules);
    }
  }
}
