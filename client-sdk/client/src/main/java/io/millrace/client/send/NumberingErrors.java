package io.millrace.client.send;

import io.millrace.client.Acknowledgement;
import io.millrace.client.RecordMetadata;
import io.millrace.client.TopicPartition;
import io.millrace.client.cluster.BrokerErrors;
import io.millrace.client.errors.MillraceException;
import io.millrace.client.errors.OutcomeUnknownException;
import io.millrace.wire.v1.Error;
import io.millrace.wire.v1.ErrorCode;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What follows when a leader does not take a batch because of its numbers. On the client's loop.
 */
final class NumberingErrors {
  private static final Logger log = LoggerFactory.getLogger(NumberingErrors.class);

  private NumberingErrors() {}

  static boolean concern(Error error) {
    return switch (error.getCode()) {
      case OUT_OF_ORDER_SEQUENCE,
          UNKNOWN_PRODUCER,
          FENCED_PRODUCER,
          SEQUENCE_REUSED,
          DUPLICATE_SEQUENCE ->
          true;
      default -> false;
    };
  }

  /** The share was refused whole, for one of those reasons; it is under way no more. */
  static void handle(SendEngine engine, Share share, Error error) {
    PartitionSender sender = share.sender();
    switch (error.getCode()) {
      case OUT_OF_ORDER_SEQUENCE -> outOfOrder(engine, share, error);
      case UNKNOWN_PRODUCER -> unknownProducer(engine, share, error);
      case FENCED_PRODUCER -> {
        MillraceException fenced = exception(share, error);
        engine.endings().giveUp(share.batches(), fenced);
        engine.abandon(sender, fenced);
        sender.sendAgain(share.batches(), false);
      }
      default -> one(engine, share, error);
    }
  }

  /** Something before it is missing in the log, and so is all of it. */
  private static void outOfOrder(SendEngine engine, Share share, Error error) {
    PartitionSender sender = share.sender();
    boolean isConsequence = sender.isBehindOthers(share);
    share.batches().forEach(SendBatch::setNotWritten);
    if (isConsequence) {
      sender.sendAgain(share.batches(), false);
      return;
    }
    // Nothing behind it can be there either.
    sender.queue().numbered().forEach(SendBatch::setNotWritten);
    if (!sender.numbering().isBroken()) {
      // All before it was acknowledged, and is gone.
      log.error("{}: {}", sender.partition(), error.getMessage());
      engine.endings().giveUp(share.batches(), exception(share, error));
    }
    sender.sendAgain(share.batches(), false);
  }

  /** It was idle for too long there; what may have been written before that, nobody can tell. */
  private static void unknownProducer(SendEngine engine, Share share, Error error) {
    PartitionSender sender = share.sender();
    List<SendBatch> doubtful = share.batches().stream().filter(SendBatch::mayBeWritten).toList();
    engine
        .endings()
        .giveUp(
            doubtful, new OutcomeUnknownException(sender.partition() + ": " + error.getMessage()));
    // Also without a hole the numbers must begin anew.
    sender.numbering().gaveUp(share.lastOrder());
    sender.sendAgain(share.batches(), false);
  }

  private static void one(SendEngine engine, Share share, Error error) {
    PartitionSender sender = share.sender();
    if (share.batches().size() > 1) {
      sender.isolate();
      sender.sendAgain(share.batches(), false);
      return;
    }
    sender.oneEnded();
    if (error.getCode() == ErrorCode.DUPLICATE_SEQUENCE) {
      sender.numbering().written(share.lastOrder());
      engine
          .endings()
          .written(
              share.batches().get(0),
              sender.topic(),
              RecordMetadata.UNKNOWN_OFFSET,
              Acknowledgement.NOT_ASKED_FOR);
    } else {
      engine.endings().giveUp(share.batches(), exception(share, error));
      sender.sendAgain(share.batches(), false);
    }
  }

  private static MillraceException exception(Share share, Error error) {
    TopicPartition partition = share.sender().partition();
    return BrokerErrors.exception(error, partition.topic(), partition.partition());
  }
}
