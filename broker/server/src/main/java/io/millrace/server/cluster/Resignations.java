package io.millrace.server.cluster;

import static java.util.concurrent.TimeUnit.SECONDS;

import io.millrace.coordination.election.Resignation;
import io.millrace.coordination.view.PartitionImage;
import io.millrace.rpc.EventLoop;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Gives up what this broker was elected to lead and cannot begin to: no {@link HandOvers}, for
 * which it would have to lead. Owner: the store's loop.
 */
final class Resignations {
  private static final Logger LOG = LoggerFactory.getLogger(Resignations.class);

  /** The others have elected one of them by then. */
  private static final long AGAIN_NANOS = SECONDS.toNanos(1);

  private final EventLoop loop;
  private final Outlook outlook;
  private final Replicas replicas;
  private final DrainingPeers peers;
  private final Resignation resignation;

  Resignations(
      EventLoop loop,
      Outlook outlook,
      Replicas replicas,
      DrainingPeers peers,
      Resignation resignation) {
    this.loop = loop;
    this.outlook = outlook;
    this.replicas = replicas;
    this.peers = peers;
    this.resignation = resignation;
  }

  /**
   * @return false when nobody else could lead now, or something else is being done about it
   */
  boolean resign(Replica replica, String why) {
    PartitionImage image = outlook.imageOf(replica.id);
    int epoch = replica.epochLed;
    if (image == null
        || epoch < 0
        || replica.hasBegun()
        || replica.isUnderWay()
        || replica.incarnationLed != outlook.incarnation()
        || !canOtherLead(image)) {
      return false;
    }
    replicas.stepDown(replica, why);
    replica.electing = true; // nothing else is decided before the others have had their turn
    resignation
        .write(
            replica.id.topicId(),
            replica.id.partition(),
            outlook.self(),
            replica.incarnationLed,
            epoch,
            why)
        .whenComplete(
            (isDone, bug) -> {
              if (bug != null) {
                LOG.error("{}: giving up epoch {} failed", replica.id, epoch, bug);
              } else if (Boolean.TRUE.equals(isDone)) {
                LOG.info("{}: given up in epoch {} before it began: {}", replica.id, epoch, why);
              }
              loop.schedule(
                  AGAIN_NANOS,
                  () -> {
                    replica.electing = false;
                    replicas.decide(replica.id);
                  });
            });
    return true;
  }

  /** Members of both sets have all that is committed. */
  private boolean canOtherLead(PartitionImage image) {
    return Stream.concat(image.inSync().stream(), image.eligible().stream())
        .anyMatch(
            member ->
                member != outlook.self()
                    && outlook.up().containsKey(member)
                    && !peers.contains(member, outlook));
  }
}
