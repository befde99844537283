package io.millrace.coordination.membership;

import io.millrace.coordination.v1.KnownBrokerNode;
import io.millrace.coordination.v1.LiveBrokerNode;
import io.millrace.rpc.SafetyRule;
import java.util.Optional;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;

/**
 * What to do about the nodes that stand under a broker's id when it wants to register. B64, B75.
 *
 * <p>That a live node exists is never a success by itself: whose it is decides.
 */
public sealed interface RegistrationPlan {
  /** The id was never used: make its known node, then look again. */
  record Introduce() implements RegistrationPlan {}

  /**
   * Bump the known node and create the live node, in one transaction.
   *
   * @param ghostVersion of the live node that an earlier life left, to be deleted in the same
   *     transaction
   * @param isNewDirectory the id's data was elsewhere before, and is gone
   */
  record Register(int knownVersion, OptionalInt ghostVersion, boolean isNewDirectory)
      implements RegistrationPlan {}

  /** It has been done already, by a write whose outcome was unknown. */
  record Registered(int incarnation) implements RegistrationPlan {}

  /**
   * Not before the session there has ended.
   *
   * @param isOwn it is of this very data directory, so that the id is not disputed
   */
  record WaitForExpiry(boolean isOwn, String why) implements RegistrationPlan {}

  /** Never: somebody else has this id. */
  record Refuse(String why) implements RegistrationPlan {}

  /**
   * @param content null when it cannot be read
   */
  record Known(@Nullable KnownBrokerNode content, int version) {}

  /**
   * @param content null when it cannot be read
   * @param owner the session that holds it
   */
  record Live(@Nullable LiveBrokerNode content, int version, long owner) {}

  static RegistrationPlan decide(
      BrokerSelf self, Optional<Known> known, Optional<Live> live, long ownSession) {
    if (live.isPresent()) {
      return decideBesideLive(self, known, live.get(), ownSession);
    }
    if (known.isEmpty()) {
      return new Introduce();
    }
    return register(self, known.get(), OptionalInt.empty());
  }

  private static RegistrationPlan decideBesideLive(
      BrokerSelf self, Optional<Known> known, Live live, long ownSession) {
    LiveBrokerNode there = live.content();
    if (there == null) {
      return new WaitForExpiry(
          false, "a live node of broker " + self.id() + " is there that cannot be read");
    }
    if (!there.getDirectoryId().equals(self.directoryId())) {
      return new Refuse(
          "broker id "
              + self.id()
              + " is in use: another broker, with data directory "
              + there.getDirectoryId()
              + " and endpoints "
              + there.getEndpointsList().stream()
                  .map(endpoint -> endpoint.getHost() + ":" + endpoint.getPort())
                  .toList()
              + ", is registered with it. Give this broker an id of its own");
    }
    if (!there.getBootId().equals(self.bootId())) {
      return new WaitForExpiry(
          true, "an earlier boot of this machine still has a session for broker " + self.id());
    }
    if (known.isEmpty()) {
      // Somebody deleted the known node under a registered broker.
      return new Introduce();
    }
    if (SafetyRule.R9.isLeftOut()) {
      return new Registered(there.getIncarnation());
    }
    // Same directory and boot, and we hold the directory's lock: it is ours, or our ghost's.
    boolean isCurrent = there.getIncarnation() == known.get().version();
    if (live.owner() == ownSession && isCurrent) {
      return new Registered(there.getIncarnation());
    }
    return register(self, known.get(), OptionalInt.of(live.version()));
  }

  private static RegistrationPlan register(BrokerSelf self, Known known, OptionalInt ghostVersion) {
    KnownBrokerNode content = known.content();
    String directoryId = content == null ? self.directoryId() : content.getDirectoryId();
    boolean isNewDirectory = !directoryId.equals(self.directoryId());
    if (isNewDirectory && !self.acceptsNewDirectory()) {
      return new Refuse(
          "broker id "
              + self.id()
              + " belongs to data directory "
              + directoryId
              + ", this one is "
              + self.directoryId()
              + ". Start it with the directory it had, or give this broker an id of its own. If that"
              + " directory is gone for good, start once with data.directory.new=true: what only it"
              + " held is lost then");
    }
    return new Register(known.version(), ghostVersion, isNewDirectory);
  }
}
