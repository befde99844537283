package io.millrace.dist;

import java.util.List;

/** Stands in for the program in {@link LauncherTest}: tells what the launcher handed over. */
public final class LauncherProbe {
  private LauncherProbe() {}

  public static void main(String[] args) throws InterruptedException {
    System.out.println("args=" + List.of(args));
    System.out.println("home=" + System.getProperty("millrace.home"));
    System.out.println("terminals=" + System.getProperty("millrace.terminals"));
    System.out.println("logging=" + System.getProperty("logback.configurationFile"));
    System.out.println("option=" + System.getProperty("option"));
    System.out.println("pid=" + ProcessHandle.current().pid());
    System.out.println("maxMiB=" + (Runtime.getRuntime().maxMemory() >> 20));
    if (args.length > 0 && args[0].equals("wait")) {
      Thread.currentThread().join();
    }
    System.exit(args.length > 0 && args[0].equals("fail") ? 3 : 0);
  }
}
