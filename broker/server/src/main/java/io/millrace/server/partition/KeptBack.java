package io.millrace.server.partition;

import io.millrace.rpc.SafetyRule;
import io.millrace.wire.BatchIterator;
import io.millrace.wire.BatchLayout;
import io.millrace.wire.v1.Durability;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * What a leader does not append while another replica is about to take its place: shares that would
 * be acknowledged on this replica's word alone, which the other may never hear of; and shares
 * without a producer's numbers, which the other could not tell from a repetition when they come
 * again. Owner: the partition's loop.
 *
 * <p>Everything else goes on: it is acknowledged only once every in-sync replica has it, the other
 * among them, and that one fetches nothing any more from the moment it leads. What was appended
 * then and not committed comes again there, and is known by its numbers.
 *
 * <p>A producer of which something is kept has all kept that comes after it: its numbers would show
 * a gap.
 */
final class KeptBack {
  private final BatchIterator batches = new BatchIterator();
  private final Set<Long> producers = new HashSet<>();
  private List<ProduceShare> shares = new ArrayList<>();

  /**
   * Takes out of what has come what is to be kept.
   *
   * @param topicLevel what consumers see of the topic is at this level
   * @return the rest, in order
   */
  List<ProduceShare> sift(List<ProduceShare> turn, Durability topicLevel) {
    List<ProduceShare> rest = new ArrayList<>(turn.size());
    for (ProduceShare share : turn) {
      if (isToBeKept(share, topicLevel)) {
        shares.add(share);
      } else {
        rest.add(share);
      }
    }
    return rest;
  }

  boolean isEmpty() {
    return shares.isEmpty();
  }

  /** All that was kept, in the order in which it came. */
  List<ProduceShare> takeAll() {
    List<ProduceShare> all = shares;
    shares = new ArrayList<>();
    producers.clear();
    return all;
  }

  private boolean isToBeKept(ProduceShare share, Durability topicLevel) {
    if (SafetyRule.H15.isLeftOut()) {
      return false;
    }
    Durability wanted = CommitRules.orTopicLevel(share.requested(), topicLevel);
    boolean isKept =
        !CommitRules.waitsForOthers(wanted)
            || !CommitRules.waitsForOthers(topicLevel)
            || !isNumbered(share);
    if (isKept) {
      batches.over(share.batches());
      while (batches.next()) {
        producers.add(batches.batch().producerId());
      }
    }
    return isKept;
  }

  /** Every batch has numbers, of a producer of whom nothing is kept. */
  private boolean isNumbered(ProduceShare share) {
    batches.over(share.batches());
    while (batches.next()) {
      long producer = batches.batch().producerId();
      if (producer == BatchLayout.NO_PRODUCER_ID || producers.contains(producer)) {
        return false;
      }
    }
    return true;
  }
}
