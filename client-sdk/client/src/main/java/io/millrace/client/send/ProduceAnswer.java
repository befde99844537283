package io.millrace.client.send;

import io.millrace.client.Acknowledgement;
import io.millrace.client.Durability;
import io.millrace.wire.v1.Error;
import io.millrace.wire.v1.ProduceResponse;
import io.millrace.wire.v1.ProduceResult;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What a broker's answer says about one share of a produce request; decided without effects. */
sealed interface ProduceAnswer {
  /**
   * All batches of the share are written.
   *
   * @param baseOffsets of each batch
   */
  record Written(List<Long> baseOffsets, Acknowledgement acknowledgement)
      implements ProduceAnswer {}

  record Refused(Error error) implements ProduceAnswer {}

  /** It cannot be right: whether anything was written nobody can tell. */
  record Nonsense(String why) implements ProduceAnswer {}

  /** Null when the answer is about the partitions that were asked about, one after another. */
  static @Nullable String mismatch(ProduceResponse response, List<Share> shares) {
    if (response.getResultsCount() != shares.size()) {
      return response.getResultsCount() + " results for " + shares.size() + " partitions";
    }
    for (int i = 0; i < shares.size(); i++) {
      Share share = shares.get(i);
      if (!isAbout(response.getResults(i), share)) {
        return "a result for another partition than " + share.sender().partition();
      }
    }
    return null;
  }

  /** The shares a part of an answer is about, as far as its results name any, one after another. */
  static List<Share> told(ProduceResponse part, List<Share> untold) {
    List<Share> told = new ArrayList<>(part.getResultsCount());
    for (Share share : untold) {
      if (told.size() < part.getResultsCount() && isAbout(part.getResults(told.size()), share)) {
        told.add(share);
      }
    }
    return told;
  }

  private static boolean isAbout(ProduceResult result, Share share) {
    return result.getTopicId().equals(share.topicId())
        && result.getPartition() == share.sender().partition().partition();
  }

  /** Reads one result, which is about this share. */
  static ProduceAnswer of(ProduceResult result, Share share) {
    if (result.hasError()) {
      return new Refused(result.getError());
    }
    List<SendBatch> batches = share.batches();
    if (result.getBaseOffsetsCount() != batches.size()) {
      return new Nonsense(
          result.getBaseOffsetsCount() + " offsets for " + batches.size() + " batches");
    }
    if (result.getLeaderEpoch() < share.leaderEpoch()) {
      return new Nonsense(
          "written in leader epoch "
              + result.getLeaderEpoch()
              + ", which had ended before the request was sent");
    }
    long least = 0;
    for (int i = 0; i < batches.size(); i++) {
      long baseOffset = result.getBaseOffsets(i);
      if (baseOffset < least || baseOffset > Long.MAX_VALUE - batches.get(i).recordCount()) {
        return new Nonsense("impossible offset " + Long.toUnsignedString(baseOffset));
      }
      least = baseOffset + batches.get(i).recordCount();
    }
    return new Written(List.copyOf(result.getBaseOffsetsList()), acknowledgement(result));
  }

  private static Acknowledgement acknowledgement(ProduceResult result) {
    Durability reached =
        switch (result.getReached()) {
          case LEADER -> Durability.LEADER;
          case STANDARD -> Durability.STANDARD;
          case SYNCED -> Durability.SYNCED;
          case NONE, DURABILITY_UNSPECIFIED, UNRECOGNIZED -> Durability.NONE;
        };
    return new Acknowledgement(
        reached,
        result.getLeaderEpoch(),
        result.getReplicas(),
        result.getFlushed(),
        result.getAppendTimestampMs());
  }
}
