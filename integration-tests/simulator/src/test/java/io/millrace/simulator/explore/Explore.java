package io.millrace.simulator.explore;

import io.millrace.rpc.SafetyRule;
import io.millrace.rpc.WithoutRule;
import java.util.ArrayList;
import java.util.List;

/**
 * The command line of the search: {@code WORD... [without RULE...] [states N] [full]}. Words are
 * those of {@link Scope}.
 */
public final class Explore {
  private Explore() {}

  public static void main(String[] args) {
    List<String> words = new ArrayList<>();
    List<WithoutRule> without = new ArrayList<>();
    int maxStates = 20_000_000;
    boolean isTelling = false;
    for (int i = 0; i < args.length; i++) {
      switch (args[i]) {
        case "without" -> without.add(new WithoutRule(SafetyRule.valueOf(args[++i])));
        case "states" -> maxStates = Integer.parseInt(args[++i]);
        case "full" -> isTelling = true;
        default -> words.add(args[i]);
      }
    }
    Scope scope = Scope.of(String.join(" ", words));
    System.out.println(scope);
    System.out.println(new Search(scope, List.of(), maxStates, isTelling).run());
    without.forEach(WithoutRule::close);
  }
}
