package io.millrace.cli.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.millrace.cli.CommandFailedException;
import io.millrace.cli.bench.Ledger.Outcome;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LedgerCheckTest {
  private static final String FIRST = "millrace-ledger 1 00000000000000ff notes notes~id\n";

  @TempDir Path directory;

  private Ledger ledger(String lines) throws IOException {
    return Ledger.read(Files.writeString(directory.resolve("ledger"), FIRST + lines));
  }

  @Test
  void readsWhatBecameOfEachRecord() throws IOException {
    Ledger ledger =
        ledger(
            """
            S 0 100
            S 1 101
            S 2 102
            A 0 105 3 70
            F 1 106 RecordTooLargeException: over the limit
            S 3 107
            U 3 108 no answer
            """);
    assertThat(ledger.run()).isEqualTo(255);
    assertThat(ledger.topic()).isEqualTo("notes");
    assertThat(ledger.topicId()).isEqualTo("notes~id");
    assertThat(ledger.count()).isEqualTo(4);
    assertThat(ledger.outcome(0)).isEqualTo(Outcome.ACKNOWLEDGED);
    assertThat(ledger.partition(0)).isEqualTo(3);
    assertThat(ledger.offset(0)).isEqualTo(70);
    assertThat(ledger.outcome(1)).isEqualTo(Outcome.FAILED);
    assertThat(ledger.outcome(2)).as("sent, and nothing more is known").isEqualTo(Outcome.UNKNOWN);
    assertThat(ledger.outcome(3)).isEqualTo(Outcome.UNKNOWN);
    assertThat(ledger.outcome(4)).isEqualTo(Outcome.NONE);
    assertThat(ledger.count(Outcome.UNKNOWN)).isEqualTo(2);
  }

  @Test
  void doesNotCountALineThatItsWriterDiedOver() throws IOException {
    Ledger ledger = ledger("S 0 100\nA 0 105 0 7");
    assertThat(ledger.outcome(0)).isEqualTo(Outcome.UNKNOWN);
  }

  @Test
  void namesTheLineThatIsNoneOfALedger() {
    assertThatThrownBy(() -> ledger("S 0 100\nS 2 100\n"))
        .isInstanceOf(CommandFailedException.class)
        .hasMessageContaining("line 3: record 2 is sent after 0");
    assertThatThrownBy(() -> ledger("S 0 100\nX 0 1\n")).hasMessageContaining("line 3");
    assertThatThrownBy(() -> ledger("A 0 100 1 1\n")).hasMessageContaining("was not sent");
    assertThatThrownBy(() -> ledger("S\n")).hasMessageContaining("line 2");
    Path other = directory.resolve("other");
    assertThatThrownBy(() -> Ledger.read(Files.writeString(other, "something else\n")))
        .hasMessageContaining("line 1: it does not begin with millrace-ledger 1");
    assertThatThrownBy(() -> Ledger.read(Files.writeString(other, "")))
        .hasMessageContaining("it is empty");
  }

  @Test
  void measuresTheLongestTimeWithoutAnAcknowledgement() throws IOException {
    Ledger middle = ledger("S 0 100\nA 0 110 0 0\nS 1 120\nA 1 400 0 1\nS 2 410\nA 2 420 0 2\n");
    assertThat(middle.longestGapMillis()).isEqualTo(290);
    assertThat(middle.gapStartMillis()).isEqualTo(110);
    assertThat(ledger("S 0 100\nA 0 900 0 0\nS 1 950\nA 1 960 0 1\n").longestGapMillis())
        .as("before the first")
        .isEqualTo(800);
    assertThat(ledger("S 0 100\nA 0 110 0 0\nS 1 120\nU 1 700 late\n").longestGapMillis())
        .as("after the last")
        .isEqualTo(590);
  }

  @Test
  void findsNothingWrongWhereEachIsAtItsPlace() throws IOException {
    LedgerCheck check = new LedgerCheck(ledger("S 0 1\nS 1 1\nA 0 2 0 5\nA 1 2 1 5\n"));
    check.found(1, 5, 1);
    check.found(0, 5, 0);
    LedgerCheck.Findings findings = check.finish(Map.of());
    assertThat(findings.good()).isTrue();
    assertThat(findings.found).isEqualTo(2);
    assertThat(findings.reordered).as("order is promised within a partition").isZero();
  }

  @Test
  void callsLostWhatWasAcknowledgedAndIsNowhereUnlessRetentionTookIt() throws IOException {
    String lines = "S 0 1\nA 0 2 0 5\n";
    LedgerCheck lost = new LedgerCheck(ledger(lines));
    assertThat(lost.finish(Map.of(0, 5L)).lost).isEqualTo(1);
    assertThat(lost.finish(Map.of(0, 5L)).good()).isFalse();
    LedgerCheck trimmed = new LedgerCheck(ledger(lines));
    LedgerCheck.Findings findings = trimmed.finish(Map.of(0, 6L));
    assertThat(findings.expired).isEqualTo(1);
    assertThat(findings.good()).isTrue();
  }

  @Test
  void callsDuplicatedEachFurtherCopyOfAnAcknowledgedRecord() throws IOException {
    LedgerCheck check = new LedgerCheck(ledger("S 0 1\nA 0 2 0 5\n"));
    check.found(0, 4, 0);
    check.found(0, 5, 0);
    check.found(0, 6, 0);
    LedgerCheck.Findings findings = check.finish(Map.of());
    assertThat(findings.duplicated).isEqualTo(2);
    assertThat(findings.misplaced).isZero();
    assertThat(findings.good()).isFalse();
  }

  @Test
  void callsMisplacedWhatIsNotWhereItsAcknowledgementSaid() throws IOException {
    LedgerCheck check = new LedgerCheck(ledger("S 0 1\nA 0 2 0 5\n"));
    check.found(0, 4, 0);
    LedgerCheck.Findings findings = check.finish(Map.of());
    assertThat(findings.misplaced).isEqualTo(1);
    assertThat(findings.good()).isFalse();
  }

  @Test
  void callsUnknownRecordsNeitherLostNorDuplicated() throws IOException {
    LedgerCheck check = new LedgerCheck(ledger("S 0 1\nS 1 1\nU 0 2 no answer\n"));
    check.found(0, 4, 0);
    check.found(0, 5, 0);
    LedgerCheck.Findings findings = check.finish(Map.of());
    assertThat(findings.good()).isTrue();
    assertThat(findings.unknownFound).isEqualTo(1);
  }

  @Test
  void findsARecordThatWasReportedAsCertainlyNotWritten() throws IOException {
    LedgerCheck check = new LedgerCheck(ledger("S 0 1\nF 0 2 refused\n"));
    check.found(0, 4, 0);
    LedgerCheck.Findings findings = check.finish(Map.of());
    assertThat(findings.failedFound).isEqualTo(1);
    assertThat(findings.good()).isFalse();
  }

  @Test
  void countsRecordsBehindOnesThatWereSentLaterAndRecordsItsLedgerLostTheLineOf()
      throws IOException {
    LedgerCheck check = new LedgerCheck(ledger("S 0 1\nS 1 1\nA 0 2 0 5\nA 1 2 0 4\n"));
    check.found(0, 4, 1);
    check.found(0, 5, 0);
    check.found(0, 6, 99);
    LedgerCheck.Findings findings = check.finish(Map.of());
    assertThat(findings.reordered).isEqualTo(1);
    assertThat(findings.unrecorded).isEqualTo(1);
    assertThat(findings.good()).isTrue();
  }
}
