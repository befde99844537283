package io.millrace.coordination.view;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Set;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

class QuarantineTest {
  private final Quarantine quarantine = new Quarantine();

  @Test
  void countsWhatIsRefusedUntilItIsInOrder() {
    quarantine.refuse("/topics/a", 1, "no JSON");
    quarantine.refuse("/topics/a", 2, "still none");
    quarantine.refuse("/topics/b", 1, "no JSON");
    assertThat(quarantine.snapshot()).hasSize(2);
    quarantine.accept("/topics/a");
    assertThat(quarantine.snapshot()).hasSize(1);
    quarantine.forget("/topics/b");
    assertThat(quarantine.snapshot()).isEmpty();
  }

  @Test
  void forgetsWithAParentWhatStoodBelowIt() {
    quarantine.refuse("/topics/a", 1, "no JSON");
    quarantine.refuse("/topics/a/below", -1, "nothing of ours");
    quarantine.refuse("/topics/ab", 1, "no JSON");
    quarantine.refuse("/partitions/a~abcdefgh/0", 1, "no JSON");
    quarantine.forgetOthers("/topics", Set.of("ab"));
    assertThat(quarantine.snapshot()).hasSize(2);
    quarantine.forgetOthers("/partitions/a~abcdefgh", Set.of());
    assertThat(quarantine.snapshot()).hasSize(1);
  }

  @Test
  @DisplayName("B78: what strangers write takes no more memory than so much")
  void b78_isBounded() {
    for (int i = 0; i < 30_000; i++) {
      quarantine.refuse("/topics/..stranger-" + i, -1, "its name is none");
    }
    assertThat(quarantine.snapshot()).hasSize(10_000);
  }
}
