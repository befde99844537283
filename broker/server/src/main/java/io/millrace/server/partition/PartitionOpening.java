package io.millrace.server.partition;

import io.millrace.server.config.TopicSettings;
import io.millrace.storage.directory.PartitionName;
import io.millrace.storage.log.LogDamage;
import io.millrace.storage.log.LogListener;
import io.millrace.storage.log.LogOpening;
import io.millrace.storage.log.LogStore;
import java.util.Optional;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Opens a partition's log on the housekeeping worker and hands it to the shard that owns the
 * partition; or marks it offline there, with the reason.
 */
public final class PartitionOpening {
  private final LogStore logs;
  private final LogConfigs logConfigs;

  public PartitionOpening(LogStore logs, long flushIntervalMillis) {
    this.logs = logs;
    this.logConfigs = new LogConfigs(flushIntervalMillis);
  }

  /**
   * Any thread.
   *
   * @param then on the shard's loop: empty when it is open, else why it is offline
   */
  public void open(
      Shard shard,
      PartitionId id,
      TopicSettings topic,
      PartitionListener listener,
      Consumer<Optional<LogOpening.Offline>> then) {
    LogEvents events = new LogEvents();
    logs.open(
        new PartitionName(id.topicId(), id.partition()),
        logConfigs.of(topic.log()),
        shard.loop(),
        events,
        opening -> then.accept(onOpening(shard, id, topic, listener, events, opening)));
  }

  private Optional<LogOpening.Offline> onOpening(
      Shard shard,
      PartitionId id,
      TopicSettings topic,
      PartitionListener listener,
      LogEvents events,
      LogOpening opening) {
    if (opening instanceof LogOpening.Offline offline) {
      shard.markOffline(id, offline.why());
      return Optional.of(offline);
    }
    Partition partition =
        new Partition(
            id,
            topic,
            new Partition.Keeping(((LogOpening.Opened) opening).log(), logConfigs),
            shard.loop(),
            listener);
    events.target = partition;
    shard.add(partition);
    return Optional.empty();
  }

  /** The log wants its listener before there is a partition; events come on the loop, after. */
  private static final class LogEvents implements LogListener {
    private @Nullable Partition target;

    @Override
    public void onFlushed(long flushedOffset) {
      if (target != null) {
        target.onFlushed(flushedOffset);
      }
    }

    @Override
    public void onDamaged(LogDamage damage) {
      if (target != null) {
        target.onDamaged(damage);
      }
    }

    @Override
    public void onFailed(Throwable cause) {
      if (target != null) {
        target.onFailed(cause);
      }
    }
  }
}
