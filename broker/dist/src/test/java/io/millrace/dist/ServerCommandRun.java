package io.millrace.dist;

import io.millrace.cli.ClientFactory;
import io.millrace.cli.Interrupts;
import io.millrace.cli.MillraceCommand;
import io.millrace.cli.Output;
import io.millrace.cli.Surroundings;
import io.millrace.cli.Surroundings.Terminals;
import io.millrace.rpc.SystemTasks;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;

/** One call of the whole command line in this process; a server runs until it is interrupted. */
final class ServerCommandRun implements Interrupts {
  private final Map<String, String> environment;
  private final ByteArrayOutputStream out = new ByteArrayOutputStream();
  private final ByteArrayOutputStream err = new ByteArrayOutputStream();
  private final CountDownLatch said = new CountDownLatch(1);
  private final List<Runnable> actions = new ArrayList<>();
  private boolean interrupted;
  private byte[] input = new byte[0];

  ServerCommandRun() {
    this(Map.of());
  }

  ServerCommandRun(Map<String, String> environment) {
    this.environment = environment;
  }

  ServerCommandRun input(byte[] bytes) {
    this.input = bytes.clone();
    return this;
  }

  /** To its end. */
  int exec(String... args) {
    Surroundings surroundings =
        new Surroundings(
            new ByteArrayInputStream(input),
            new Output(
                new java.io.OutputStream() {
                  @Override
                  public void write(int oneByte) {
                    out.write(oneByte);
                  }

                  @Override
                  public void write(byte[] bytes, int start, int length) {
                    out.write(bytes, start, length);
                  }

                  @Override
                  public void flush() {
                    said.countDown();
                  }
                }),
            new PrintStream(err, true, StandardCharsets.UTF_8),
            environment,
            Terminals.NONE,
            new SystemTasks(),
            this,
            ClientFactory.ofCluster());
    int exitCode = new MillraceCommand(surroundings, Main.commands(surroundings)).run(args);
    said.countDown();
    return exitCode;
  }

  /** Until it has said something, which for a server is that it is ready; or until its end. */
  CompletableFuture<Integer> start(String... args) throws InterruptedException {
    CompletableFuture<Integer> end = new CompletableFuture<>();
    Thread thread =
        new Thread(
            () -> {
              try {
                end.complete(exec(args));
              } catch (Throwable e) {
                end.completeExceptionally(e);
                said.countDown();
              }
            },
            "command " + args[0]);
    thread.start();
    said.await();
    return end;
  }

  /** As SIGTERM does; returns when the process would end. */
  void interrupt() {
    List<Runnable> toRun;
    synchronized (this) {
      interrupted = true;
      toRun = List.copyOf(actions);
    }
    toRun.forEach(Runnable::run);
  }

  @Override
  public void onInterrupt(Runnable action) {
    synchronized (this) {
      actions.add(action);
    }
  }

  @Override
  public synchronized boolean interrupted() {
    return interrupted;
  }

  byte[] bytesOut() {
    return out.toByteArray();
  }

  String stdout() {
    return out.toString(StandardCharsets.UTF_8);
  }

  String stderr() {
    return err.toString(StandardCharsets.UTF_8);
  }
}
