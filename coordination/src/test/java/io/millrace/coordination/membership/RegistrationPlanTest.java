package io.millrace.coordination.membership;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.coordination.membership.RegistrationPlan.Introduce;
import io.millrace.coordination.membership.RegistrationPlan.Known;
import io.millrace.coordination.membership.RegistrationPlan.Live;
import io.millrace.coordination.membership.RegistrationPlan.Refuse;
import io.millrace.coordination.membership.RegistrationPlan.Register;
import io.millrace.coordination.membership.RegistrationPlan.Registered;
import io.millrace.coordination.membership.RegistrationPlan.WaitForExpiry;
import io.millrace.coordination.v1.EndpointNode;
import io.millrace.coordination.v1.KnownBrokerNode;
import io.millrace.coordination.v1.LiveBrokerNode;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

class RegistrationPlanTest {
  private static final long OWN_SESSION = 7;
  private static final long OTHER_SESSION = 8;
  private static final BrokerSelf SELF = self(false);

  private static BrokerSelf self(boolean acceptsNewDirectory) {
    return new BrokerSelf(3, "dir", "boot", Map.of(), "", "1", acceptsNewDirectory);
  }

  private static Optional<Known> known(String directoryId, int version) {
    return Optional.of(
        new Known(
            KnownBrokerNode.newBuilder()
                .setDirectoryId(directoryId)
                .setIncarnation(version)
                .build(),
            version));
  }

  private static Optional<Live> live(
      String directoryId, String bootId, int incarnation, long owner) {
    LiveBrokerNode content =
        LiveBrokerNode.newBuilder()
            .setId(3)
            .setIncarnation(incarnation)
            .setDirectoryId(directoryId)
            .setBootId(bootId)
            .addEndpoints(EndpointNode.newBuilder().setHost("elsewhere").setPort(7272))
            .build();
    return Optional.of(new Live(content, 0, owner));
  }

  private static RegistrationPlan decide(Optional<Known> known, Optional<Live> live) {
    return RegistrationPlan.decide(SELF, known, live, OWN_SESSION);
  }

  @Test
  void introducesAnIdThatWasNeverUsed() {
    assertThat(decide(Optional.empty(), Optional.empty())).isEqualTo(new Introduce());
  }

  @Test
  void bumpsTheKnownNodeAtTheVersionThatWasRead() {
    assertThat(decide(known("dir", 4), Optional.empty()))
        .isEqualTo(new Register(4, OptionalInt.empty(), false));
  }

  @Test
  @DisplayName("B75: the ghost of an earlier life of this boot is replaced, not waited for")
  void b75_replacesItsOwnGhost() {
    assertThat(decide(known("dir", 4), live("dir", "boot", 4, OTHER_SESSION)))
        .isEqualTo(new Register(4, OptionalInt.of(0), false));
  }

  @Test
  @DisplayName("B75: a ghost of another boot goes when its session does")
  void b75_waitsForAGhostOfAnotherBoot() {
    assertThat(decide(known("dir", 4), live("dir", "other boot", 4, OTHER_SESSION)))
        .isInstanceOfSatisfying(WaitForExpiry.class, wait -> assertThat(wait.isOwn()).isTrue());
  }

  @Test
  @DisplayName("B64: an id in use by another directory is a fatal error that names it")
  void b64_refusesAnIdInUseElsewhere() {
    assertThat(decide(known("dir", 4), live("other dir", "boot", 4, OTHER_SESSION)))
        .isInstanceOfSatisfying(
            Refuse.class,
            refuse ->
                assertThat(refuse.why())
                    .contains("broker id 3", "other dir", "elsewhere:7272", "an id of its own"));
  }

  @Test
  @DisplayName("B64: an id of another directory is refused even when nobody is live")
  void b64_refusesAnIdThatBelongsToAnotherDirectory() {
    assertThat(decide(known("other dir", 4), Optional.empty()))
        .isInstanceOfSatisfying(
            Refuse.class, refuse -> assertThat(refuse.why()).contains("other dir", "dir"));
  }

  @Test
  void takesAnIdOverWhenTheOperatorSaysThatTheOldDirectoryIsGone() {
    assertThat(
            RegistrationPlan.decide(
                self(true), known("other dir", 4), Optional.empty(), OWN_SESSION))
        .isEqualTo(new Register(4, OptionalInt.empty(), true));
  }

  @Test
  void doesNotTakeALiveIdOverWhateverTheOperatorSays() {
    assertThat(
            RegistrationPlan.decide(
                self(true),
                known("other dir", 4),
                live("other dir", "boot", 4, OTHER_SESSION),
                OWN_SESSION))
        .isInstanceOf(Refuse.class);
  }

  @Test
  @DisplayName("B75: only a node of our own session and of the current incarnation is success")
  void b75_recognisesARegistrationThatHadAnUnknownOutcome() {
    assertThat(decide(known("dir", 4), live("dir", "boot", 4, OWN_SESSION)))
        .isEqualTo(new Registered(4));
    assertThat(decide(known("dir", 5), live("dir", "boot", 4, OWN_SESSION)))
        .isEqualTo(new Register(5, OptionalInt.of(0), false));
  }

  @Test
  void waitsForWhatItCannotRead() {
    assertThat(decide(known("dir", 4), Optional.of(new Live(null, 0, OTHER_SESSION))))
        .isInstanceOfSatisfying(WaitForExpiry.class, wait -> assertThat(wait.isOwn()).isFalse());
  }

  @Test
  @DisplayName("B71: a known node that cannot be read is written anew, at its version")
  void b71_rewritesAKnownNodeThatCannotBeRead() {
    assertThat(decide(Optional.of(new Known(null, 9)), Optional.empty()))
        .isEqualTo(new Register(9, OptionalInt.empty(), false));
  }

  @Test
  void makesAKnownNodeAgainThatSomebodyDeleted() {
    assertThat(decide(Optional.empty(), live("dir", "boot", 4, OTHER_SESSION)))
        .isEqualTo(new Introduce());
  }
}
