package io.millrace.client.send;

import static java.util.concurrent.TimeUnit.NANOSECONDS;

import io.millrace.client.Acknowledgement;
import io.millrace.client.RecordMetadata;
import io.millrace.client.TopicPartition;
import io.millrace.client.cluster.BrokerErrors;
import io.millrace.client.cluster.KnownTopic;
import io.millrace.client.errors.MillraceException;
import io.millrace.client.errors.OutcomeUnknownException;
import io.millrace.rpc.Connection;
import io.millrace.rpc.Reply;
import io.millrace.rpc.ReplyHandler;
import io.millrace.wire.v1.Durability;
import io.millrace.wire.v1.Error;
import io.millrace.wire.v1.ErrorCode;
import io.millrace.wire.v1.ProducePartition;
import io.millrace.wire.v1.ProduceRequest;
import io.millrace.wire.v1.ProduceResponse;
import io.millrace.wire.v1.Request;
import io.millrace.wire.v1.Response;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** One produce request under way, and what becomes of its batches. On the client's loop. */
final class ProduceExchange implements ReplyHandler {
  private static final Logger log = LoggerFactory.getLogger(ProduceExchange.class);

  /** So much earlier than it is given up the broker shall say what it knows: a tenth, at most. */
  private static final long MAX_EARLIER_MILLIS = 1_000;

  private final SendEngine engine;
  private final Lane lane;
  private final Connection connection;
  private final List<Share> shares;

  /** Those whose end no part of the answer has told. */
  private final List<Share> untold;

  private long sizeBytes;
  private long sentNanos;

  ProduceExchange(SendEngine engine, Lane lane, Connection connection, List<Share> shares) {
    this.engine = engine;
    this.lane = lane;
    this.connection = connection;
    this.shares = shares;
    this.untold = new ArrayList<>(shares);
  }

  /** What is still under way; of what is not, the buffers may be in use again. */
  List<Share> untold() {
    return List.copyOf(untold);
  }

  /** Once it has been sent. */
  long sentNanos() {
    return sentNanos;
  }

  void send() {
    ProduceRequest.Builder produce =
        ProduceRequest.newBuilder()
            .setDurability(engine.settings().durability())
            .setInParts(isAnswered() && shares.size() > 1);
    List<ByteBuffer> payload = new ArrayList<>();
    for (Share share : shares) {
      produce.addPartitions(
          ProducePartition.newBuilder()
              .setTopicId(share.topicId())
              .setPartition(share.sender().partition().partition())
              .setLeaderEpoch(share.leaderEpoch())
              .setSize(share.sizeBytes()));
      for (SendBatch batch : share.batches()) {
        payload.add(batch.view());
        batch.hold(); // for the answer
        batch.hold(); // for the bytes
      }
      sizeBytes += share.sizeBytes();
    }
    sentNanos = engine.nowNanos();
    lane.sent(this, sizeBytes);
    long timeoutNanos = engine.settings().requestTimeoutNanos();
    connection.send(
        Request.newBuilder().setTimeoutMs(toldMillis(timeoutNanos)).setProduce(produce),
        payload,
        timeoutNanos,
        isAnswered(),
        this);
  }

  /**
   * For the broker. An answer that one partition is late tells of all the others that they are not,
   * and spares them the end of the connection.
   */
  private static int toldMillis(long timeoutNanos) {
    long millis = NANOSECONDS.toMillis(timeoutNanos);
    long told = millis - Math.min(millis / 10, MAX_EARLIER_MILLIS);
    return (int) Math.max(1, Math.min(told, Integer.MAX_VALUE));
  }

  private boolean isAnswered() {
    return engine.settings().durability() != Durability.NONE;
  }

  @Override
  public void onPayloadFree() {
    letGo(shares);
  }

  private void letGo(List<Share> of) {
    for (Share share : of) {
      share.batches().forEach(engine.endings()::letGo);
    }
  }

  /** Some may have been given up on meanwhile, and sent to another leader. */
  private static List<Share> awaited(List<Share> of) {
    return of.stream().filter(share -> share.sender().cameBack(share)).toList();
  }

  @Override
  public boolean onPart(Response part) {
    ProduceResponse produce = part.getProduce();
    List<Share> told = ProduceAnswer.told(produce, untold);
    if (told.isEmpty() || told.size() < produce.getResultsCount() || told.size() == untold.size()) {
      return false;
    }
    untold.removeAll(told);
    int toldBytes = told.stream().mapToInt(Share::sizeBytes).sum();
    sizeBytes -= toldBytes;
    lane.answeredPart(toldBytes);
    List<Share> awaited = awaited(told);
    answered(produce, told, awaited);
    letGo(told);
    engine.router().goOn(awaited.stream().map(Share::sender).toList(), lane);
    return true;
  }

  @Override
  public void onReply(Reply reply) {
    lane.answered(this, sizeBytes);
    engine.exchangeEnded(this);
    List<Share> awaited = awaited(untold);
    if (reply instanceof Reply.Answered answered) {
      answered.memory().release();
      if (isAnswered()) {
        answered(answered.response(), awaited);
      } else {
        awaited.forEach(share -> written(share, null, Acknowledgement.NOT_ASKED_FOR));
      }
    } else if (reply instanceof Reply.NotSent notSent) {
      awaited.forEach(share -> engine.router().retry(share, notSent.why()));
    } else if (reply instanceof Reply.Unknown unknown) {
      if (unknown.timedOut()) {
        // Whatever the reason, it may not answer the next one either; and what it may still do
        // with this one comes before what is sent on another connection, or not at all.
        connection.close();
      }
      awaited.forEach(share -> unknown(share, unknown.why()));
    }
    letGo(untold);
    engine.router().goOn(awaited.stream().map(Share::sender).toList(), lane);
  }

  private void answered(Response response, List<Share> awaited) {
    if (response.hasError()) {
      awaited.forEach(share -> refused(share, response.getError()));
      return;
    }
    ProduceResponse produce = response.getProduce();
    String mismatch = ProduceAnswer.mismatch(produce, untold);
    if (mismatch != null) {
      nonsense(mismatch);
      awaited.forEach(share -> unknown(share, mismatch));
      return;
    }
    answered(produce, untold, awaited);
  }

  /**
   * @param told what the results are about, one after another
   */
  private void answered(ProduceResponse produce, List<Share> told, List<Share> awaited) {
    for (int i = 0; i < told.size(); i++) {
      Share share = told.get(i);
      if (!awaited.contains(share)) {
        continue;
      }
      ProduceAnswer answer = ProduceAnswer.of(produce.getResults(i), share);
      if (answer instanceof ProduceAnswer.Written written) {
        written(share, written.baseOffsets(), written.acknowledgement());
      } else if (answer instanceof ProduceAnswer.Refused refused) {
        refused(share, refused.error());
      } else if (answer instanceof ProduceAnswer.Nonsense nonsense) {
        nonsense(nonsense.why());
        unknown(share, nonsense.why());
      }
    }
  }

  private void nonsense(String why) {
    log.warn("{} answered a produce request against the protocol: {}", connection.remote(), why);
    connection.close();
  }

  private void written(Share share, @Nullable List<Long> baseOffsets, Acknowledgement ack) {
    PartitionSender sender = share.sender();
    sender.succeeded();
    sender.numbering().written(share.lastOrder());
    sender.oneEnded();
    lane.flowed();
    engine.seen(share, ack.leaderEpoch());
    for (int i = 0; i < share.batches().size(); i++) {
      long baseOffset = baseOffsets == null ? RecordMetadata.UNKNOWN_OFFSET : baseOffsets.get(i);
      engine.endings().written(share.batches().get(i), sender.topic(), baseOffset, ack);
    }
  }

  private void refused(Share share, Error error) {
    PartitionSender sender = share.sender();
    if (sender.numbering().isOn() && NumberingErrors.concern(error)) {
      NumberingErrors.handle(engine, share, error);
      return;
    }
    switch (BrokerErrors.verdict(error)) {
      case LATER -> {
        if (error.getCode() == ErrorCode.NOT_ENOUGH_REPLICAS) {
          // As does a leader that was replaced while it is cut off, for as long as that lasts.
          engine.cluster().lookAgain(sender.topic().name());
        }
        engine.router().retry(share, error.getMessage());
      }
      case LOOK_AGAIN -> {
        engine.cluster().lookAgain(sender.topic().name());
        engine.cluster().connectToSuccessors(lane.brokerId());
        if (isLedElsewhere(share, error)) {
          engine.router().retryAtOnce(share, error.getMessage());
        } else {
          engine.router().retryOnLeader(share, error.getMessage());
        }
      }
      case UNKNOWN -> {
        if (error.hasLeader() && sender.numbering().isOn() && engine.settings().retryUnknown()) {
          handedOver(share, error);
        } else {
          unknown(share, error.getMessage());
        }
      }
      case NEVER -> {
        if (share.batches().size() > 1) {
          // One of them is to blame, and the others need not suffer for it.
          sender.isolate();
          sender.sendAgain(share.batches(), false);
        } else {
          sender.oneEnded();
          giveUp(share, exception(share, error));
        }
      }
    }
  }

  /** By now a later leader is known than the one that was asked. */
  private boolean isLedElsewhere(Share share, Error error) {
    KnownTopic topic = share.sender().topic().known();
    int partition = share.sender().partition().partition();
    if (!topic.id().equals(share.topicId())) {
      return false;
    }
    engine.cluster().refusedBy(topic, partition, share.leaderEpoch(), error);
    return topic.leader(partition).isPresent()
        && topic.leaderEpoch(partition) > share.leaderEpoch();
  }

  private static MillraceException exception(Share share, Error error) {
    TopicPartition partition = share.sender().partition();
    return BrokerErrors.exception(error, partition.topic(), partition.partition());
  }

  /** They end, and leave a hole behind if they had numbers. */
  private void giveUp(Share share, MillraceException e) {
    engine.endings().giveUp(share.batches(), e);
    share.sender().sendAgain(share.batches(), false);
  }

  /**
   * Appended, perhaps, by one who leads no more and says who does: that one knows by the numbers
   * whether it has them.
   */
  private void handedOver(Share share, Error error) {
    share.batches().forEach(SendBatch::setMayBeWritten);
    engine.cluster().lookAgain(share.sender().topic().name());
    engine.cluster().connectToSuccessors(lane.brokerId());
    if (isLedElsewhere(share, error)) {
      engine.router().retryAtOnce(share, error.getMessage());
    } else {
      engine.router().retryOnLeader(share, error.getMessage());
    }
  }

  private void unknown(Share share, String why) {
    share.batches().forEach(SendBatch::setMayBeWritten);
    share.sender().forgetHint(share.leaderEpoch());
    if (engine.settings().retryUnknown() && isAnswered()) {
      engine.cluster().lookAgain(share.sender().topic().name());
      engine.router().retry(share, why);
    } else {
      giveUp(share, new OutcomeUnknownException(share.sender().partition() + ": " + why));
    }
  }
}
