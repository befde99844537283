package io.millrace.rpc;

import java.net.BindException;
import java.net.ConnectException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** One host's access to a {@link MemoryNetwork}. */
public final class MemoryTransport implements Transport {
  private static final int FIRST_LISTENING_PORT = 32_768;
  private static final int FIRST_CONNECTING_PORT = 49_152;

  private final MemoryNetwork network;
  private final String host;
  private final SimulatedTasks tasks;
  private final List<SimulatedLoop> loops = new ArrayList<>();
  private final Map<Integer, MemoryListener> listeners = new LinkedHashMap<>();
  private final List<MemoryLink> links = new ArrayList<>();
  private int nextListeningPort = FIRST_LISTENING_PORT;
  private int nextConnectingPort = FIRST_CONNECTING_PORT;
  private int nextLoop;

  /**
   * @param host the name others reach it by, and the address it listens on
   */
  public MemoryTransport(MemoryNetwork network, String host, SimulatedTasks tasks, int loopCount) {
    this.network = network;
    this.host = host;
    this.tasks = tasks;
    for (int i = 0; i < loopCount; i++) {
      loops.add(tasks.loop("loop-" + i));
    }
    network.join(host, this);
  }

  @Override
  public List<EventLoop> loops() {
    return List.copyOf(loops);
  }

  @Override
  public Listener listen(Endpoint address, Function<Link, LinkHandler> opened)
      throws BindException {
    String failure = "cannot listen on " + address + ": ";
    boolean wildcard = address.host().equals("0.0.0.0") || address.host().equals("::");
    if (!wildcard && !address.host().equals(host)) {
      throw new BindException(failure + "this address does not belong to this machine");
    }
    int port = address.port() == 0 ? nextListeningPort++ : address.port();
    if (listeners.containsKey(port)) {
      throw new BindException(failure + "another program is listening on this port");
    }
    MemoryListener listener = new MemoryListener(new Endpoint(address.host(), port), opened);
    listeners.put(port, listener);
    return listener;
  }

  @Override
  public void connect(Endpoint to, EventLoop loop, long timeoutNanos, ConnectHandler handler) {
    Attempt attempt = new Attempt(to, (SimulatedLoop) loop, handler);
    attempt.timeOutAfter(timeoutNanos);
    network.after(network.drawDelay(), attempt::knock);
  }

  private int nextConnectingPort() {
    int port = nextConnectingPort++;
    if (nextConnectingPort > 65_535) {
      nextConnectingPort = FIRST_CONNECTING_PORT;
    }
    return port;
  }

  private void forgetClosed() {
    links.removeIf(MemoryLink::isClosed);
  }

  /** The rest of this host's work is done before this returns. */
  @Override
  public void close() {
    listeners.clear();
    for (MemoryLink link : links) {
      link.loop().execute(link::close);
    }
    loops.forEach(SimulatedLoop::drain);
    loops.forEach(SimulatedLoop::stop);
    loops.forEach(loop -> loop.awaitStopped(0));
    network.leave(host);
  }

  /** Like kill -9: links break for the others, nothing runs here any more. */
  public void kill() {
    tasks.kill();
    listeners.clear();
    links.forEach(MemoryLink::vanish);
    network.leave(host);
  }

  private final class MemoryListener implements Listener {
    private final Endpoint address;
    private final Function<Link, LinkHandler> opened;

    MemoryListener(Endpoint address, Function<Link, LinkHandler> opened) {
      this.address = address;
      this.opened = opened;
    }

    @Override
    public Endpoint address() {
      return address;
    }

    @Override
    public void close() {
      listeners.remove(address.port(), this);
    }

    boolean isClosed() {
      return listeners.get(address.port()) != this;
    }

    /** The accepting end of a link that {@code from} opens. */
    MemoryLink accept(Endpoint from) {
      SimulatedLoop loop = loops.get(nextLoop++ % loops.size());
      MemoryLink link = new MemoryLink(network, host, from, loop);
      forgetClosed();
      links.add(link);
      loop.readLater(() -> link.open(opened));
      return link;
    }
  }

  /** From the first packet to the open link or the failure. */
  private final class Attempt {
    private static final long KNOCK_AGAIN_NANOS = 200_000_000;

    private final Endpoint to;
    private final SimulatedLoop loop;
    private final ConnectHandler handler;
    private @Nullable Timer timer;
    private boolean decided;

    Attempt(Endpoint to, SimulatedLoop loop, ConnectHandler handler) {
      this.to = to;
      this.loop = loop;
      this.handler = handler;
    }

    void timeOutAfter(long nanos) {
      timer = loop.schedule(nanos, () -> fail("no connection within " + nanos / 1_000_000 + " ms"));
    }

    void knock() {
      if (decided) {
        return;
      }
      MemoryTransport other = network.host(to.host());
      if (other == null) {
        loop.execute(() -> fail("the name " + to.host() + " cannot be resolved"));
      } else if (network.isCut(host, to.host()) || network.isCut(to.host(), host)) {
        network.after(KNOCK_AGAIN_NANOS, this::knock);
      } else {
        MemoryListener listener = other.listeners.get(to.port());
        network.after(network.drawDelay(), () -> loop.readLater(() -> answered(listener)));
      }
    }

    private void answered(@Nullable MemoryListener listener) {
      if (decided) {
        return;
      }
      if (listener == null || listener.isClosed()) {
        fail("connection refused; nothing listens there");
        return;
      }
      decide();
      MemoryLink near = new MemoryLink(network, host, to, loop);
      MemoryLink far = listener.accept(new Endpoint(host, nextConnectingPort()));
      near.join(far);
      far.join(near);
      forgetClosed();
      links.add(near);
      near.open(handler::connected);
    }

    private void fail(String why) {
      if (!decided) {
        decide();
        handler.failed(new Refusal("cannot connect to " + to + ": " + why));
      }
    }

    private void decide() {
      decided = true;
      if (timer != null) {
        timer.cancel();
      }
    }
  }

  /** Without a stack trace, which costs more than all else of an attempt. */
  private static final class Refusal extends ConnectException {
    private static final long serialVersionUID = 1;

    Refusal(String why) {
      super(why);
    }

    @Override
    public Throwable fillInStackTrace() {
      return this;
    }
  }
}
