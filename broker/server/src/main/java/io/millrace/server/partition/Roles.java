package io.millrace.server.partition;

import io.millrace.rpc.EventLoop;
import io.millrace.rpc.SafetyRule;
import io.millrace.server.replica.PartitionState;
import io.millrace.storage.log.PartitionLog;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What a replica is at present, and how it becomes something else; {@link Role} shows the
 * transitions. Owner: the partition's loop.
 *
 * <p>At most one of {@link Leading} and {@link Following} is there, and only in its role. While the
 * log is being reshaped no epoch begins: whatever was to begin does so when that is done.
 */
final class Roles {
  private static final Logger LOG = LoggerFactory.getLogger(Roles.class);

  private final Partition partition;
  private final PartitionLog log;
  private final EventLoop loop;
  private final PartitionListener listener;

  private Role role = new Role.Idle("nobody has been elected yet");

  /** Of the epoch that is led; null in every other role. */
  private @Nullable Leading leading;

  /** While another replica is to take this leader's place: some is kept, see {@link KeptBack}. */
  private @Nullable HandingOver handingOver;

  /** Of the epoch that is followed; null in every other role. */
  private @Nullable Following following;

  /** As which this replica was last told to lead, or follow. */
  private @Nullable PartitionState told;

  private Map<Integer, Integer> live = Map.of();

  /** The log is being cut: nothing can be appended, and no epoch begun. */
  private boolean reshaping;

  Roles(Partition partition, PartitionLog log, EventLoop loop, PartitionListener listener) {
    this.partition = partition;
    this.log = log;
    this.loop = loop;
    this.listener = listener;
  }

  Role role() {
    return role;
  }

  @Nullable Leading leading() {
    return leading;
  }

  boolean isHandingOver() {
    return handingOver != null;
  }

  /** Null also in another epoch, and while the log is being cut. */
  @Nullable Following following(int leaderEpoch) {
    boolean follows = role instanceof Role.Follower follower && follower.epoch() == leaderEpoch;
    return follows && !reshaping ? following : null;
  }

  @Nullable Following following() {
    return following;
  }

  /** See {@link Partition#lead}. */
  Optional<String> lead(PartitionState state, Map<Integer, Integer> nowLive) {
    int epoch = state.leaderEpoch();
    if (role.isInEpoch(epoch)) {
      onState(state, nowLive);
      return Optional.empty();
    }
    if (isRemembered(epoch)) {
      return Optional.empty();
    }
    Optional<String> refusal = refusal(epoch);
    if (refusal.isEmpty() && !state.inSync().contains(state.leader())) {
      return Optional.of(
          "its node in the cluster's store names broker "
              + state.leader()
              + " as the leader, but not as in sync: "
              + state);
    }
    if (refusal.isEmpty()) {
      told = state;
      live = nowLive;
      leave(new Role.Preparing(epoch), "this broker is about to lead in epoch " + epoch);
      if (!reshaping) {
        beginEpoch();
      }
    }
    return refusal;
  }

  /**
   * Never true: being told again of an epoch must take effect unless its role was really taken up.
   * What is asked is the role, not what was heard (R13).
   */
  private boolean isRemembered(int epoch) {
    boolean heard = told != null && told.leaderEpoch() == epoch;
    return heard && SafetyRule.R13.isLeftOut();
  }

  /** Why this replica takes no part in an epoch. */
  private Optional<String> refusal(int epoch) {
    if (role instanceof Role.Offline offline) {
      return Optional.of(offline.whyNotLeading());
    }
    if (epoch < log.highestEpochSeen()) {
      return Optional.of(
          "leader epoch "
              + epoch
              + " is lower than "
              + log.highestEpochSeen()
              + ", which this replica has seen: the cluster's store has gone back in time");
    }
    return Optional.empty();
  }

  private void beginEpoch() {
    int epoch = ((Role.Preparing) role).epoch();
    PartitionState state = Objects.requireNonNull(told);
    if (!state.inSync().contains(state.leader())) {
      stepDown("it has been taken out of the in-sync set as it was about to lead");
      return;
    }
    long startOffset = log.endOffset();
    log.beginEpoch(epoch);
    long visible = partition.visibleOffset();
    role = new Role.Leader(epoch, startOffset);
    Leading leader = new Leading(partition, loop, listener, state, live, startOffset, visible);
    leading = leader;
    leader.act();
    partition.onLeading(leader);
    LOG.debug(
        "{}: leading in epoch {} from offset {}, {} visible",
        partition.id(),
        epoch,
        startOffset,
        visible);
    listener.onLeading(partition.id(), epoch);
  }

  /** See {@link Partition#follow}. */
  Optional<String> follow(PartitionState state) {
    int epoch = state.leaderEpoch();
    boolean follows = role instanceof Role.Follower follower && follower.epoch() == epoch;
    if (follows || isRemembered(epoch)) {
      return Optional.empty();
    }
    Optional<String> refusal = refusal(epoch);
    if (refusal.isEmpty()) {
      told = state;
      Role.Follower next = new Role.Follower(state);
      leave(next, next.whyNotLeading());
      log.noteLeaderEpoch(epoch);
      following = new Following(partition, loop, epoch, partition.visibleOffset());
      if (!reshaping) {
        following.begin();
      }
    }
    return refusal;
  }

  /** See {@link Partition#stepDown}. */
  void stepDown(String whoLeads) {
    boolean keepsFetching = role instanceof Role.Follower && SafetyRule.H14.isLeftOut();
    if (!(role instanceof Role.Offline) && !keepsFetching) {
      leave(new Role.Idle(whoLeads), whoLeads);
    }
  }

  /** For good: the log has failed. */
  void goOffline(Role.Offline offline) {
    Leading led = leading;
    role = offline;
    leading = null;
    following = null;
    endHandOver();
    partition.onRoleLeft("the log has failed");
    if (led != null) {
      led.end("its log has failed");
    }
  }

  private void leave(Role next, String whoLeads) {
    if (role instanceof Role.Leader leader) {
      LOG.debug("{}: no longer leading in epoch {}: {}", partition.id(), leader.epoch(), whoLeads);
    }
    Leading led = leading;
    role = next;
    leading = null;
    following = null;
    endHandOver();
    partition.onRoleLeft(whoLeads);
    if (led != null) {
      led.end(whoLeads);
    }
  }

  /** See {@link Partition#onState}. */
  void onState(PartitionState state, Map<Integer, Integer> nowLive) {
    PartitionState known = told;
    if (known == null || state.version() < known.version()) {
      return;
    }
    live = nowLive;
    if (state.leaderEpoch() == known.leaderEpoch()) {
      told = state;
    }
    if (leading != null) {
      leading.onState(state, nowLive);
    }
  }

  /**
   * Whether somebody who believes in that epoch knows more than this replica, and is to wait until
   * it knows as much: it leads then, most probably.
   *
   * @param believed empty for the present leader, whoever that is
   */
  boolean isAwaited(OptionalInt believed) {
    if (role instanceof Role.Preparing preparing) {
      return believed.isEmpty() || believed.getAsInt() >= preparing.epoch();
    }
    if (believed.isEmpty() || role instanceof Role.Leader || role instanceof Role.Offline) {
      return false;
    }
    int known = role instanceof Role.Follower follower ? follower.epoch() : log.highestEpochSeen();
    return believed.getAsInt() > known;
  }

  // ---- Handing over ----------------------------------------------------------------------------

  /** See {@link Partition#handOver}. */
  void handOver(int to, long patienceNanos, Consumer<Optional<Integer>> then) {
    Leading leader = leading;
    if (leader == null || handingOver != null) {
      then.accept(Optional.empty());
      return;
    }
    HandingOver begun = new HandingOver(partition, leader, loop, to, patienceNanos, then);
    handingOver = begun;
    begun.look();
  }

  /** Whether there was something to end. */
  boolean endHandOver() {
    HandingOver given = handingOver;
    handingOver = null;
    if (given != null) {
      given.end();
    }
    return given != null;
  }

  // ---- The log is cut, or begins anew ----------------------------------------------------------

  /** See {@link Partition#reshape}. */
  void reshape(Consumer<Runnable> change, Runnable whenDone) {
    reshaping = true;
    change.accept(
        () -> {
          reshaping = false;
          whenDone.run();
        });
  }

  /** Whatever was to begin meanwhile begins now. */
  void onReshaped() {
    if (role instanceof Role.Preparing) {
      beginEpoch();
    } else if (following != null) {
      following.onReshaped();
    }
  }
}
