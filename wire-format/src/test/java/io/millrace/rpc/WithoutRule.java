package io.millrace.rpc;

/**
 * Leaves one safety rule out until it is closed, in the whole process. For tests that must see a
 * loss.
 */
public final class WithoutRule implements AutoCloseable {
  private final SafetyRule rule;

  public WithoutRule(SafetyRule rule) {
    this.rule = rule;
    rule.leaveOut(true);
  }

  @Override
  public void close() {
    rule.leaveOut(false);
  }
}
