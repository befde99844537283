package io.millrace.simulator.explore;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A state as bytes, and back. Brokers are interchangeable: a state may be written with other names
 * for them, and the smallest fingerprint of all namings stands for all.
 */
@SuppressWarnings("EnumOrdinal") // bytes within one run, read back by the same program
final class Codec {
  private static final int[][] NAMINGS = {
    {0, 1, 2}, {0, 2, 1}, {1, 0, 2}, {1, 2, 0}, {2, 0, 1}, {2, 1, 0}
  };

  private static final Server.Up[] UPS = Server.Up.values();
  private static final Server.Role[] ROLES = Server.Role.values();
  private static final Write.Kind[] KINDS = Write.Kind.values();
  private static final Write.Fate[] FATES = Write.Fate.values();

  private byte[] bytes = new byte[512];
  private int at;

  byte[] encode(Cluster cluster) {
    write(cluster, NAMINGS[0]);
    byte[] copy = new byte[at];
    System.arraycopy(bytes, 0, copy, 0, at);
    return copy;
  }

  long fingerprint(Cluster cluster) {
    long least = Long.MAX_VALUE;
    for (int[] naming : NAMINGS) {
      write(cluster, naming);
      least = Math.min(least, hash());
    }
    return least;
  }

  /** Murmur's mixing, eight bytes at a time. */
  private long hash() {
    long h = 0x9E3779B97F4A7C15L ^ at;
    for (int i = 0; i < at; i += 8) {
      long word = 0;
      for (int k = i; k < i + 8 && k < at; k++) {
        word = word << 8 | (bytes[k] & 0xff);
      }
      h = mix(h ^ word * 0xC2B2AE3D27D4EB4FL) + 0x165667B19E3779F9L;
    }
    return mix(h);
  }

  private static long mix(long value) {
    long h = value;
    h = (h ^ h >>> 33) * 0xFF51AFD7ED558CCDL;
    h = (h ^ h >>> 33) * 0xC4CEB9FE1A85EC53L;
    return h ^ h >>> 33;
  }

  private void put(int value) {
    bytes[at++] = (byte) value;
  }

  private void putInt(int value) {
    put(value >> 24);
    put(value >> 16);
    put(value >> 8);
    put(value);
  }

  private void write(Cluster cluster, int[] to) {
    at = 0;
    writeNode(cluster.node.renamed(to));
    int[] from = new int[Cluster.REPLICAS];
    for (int i = 0; i < Cluster.REPLICAS; i++) {
      from[to[i]] = i;
    }
    for (int i : from) {
      put(cluster.known[i]);
      writeServer(cluster.servers[i], from, to);
    }
    List<Fetch> held = new ArrayList<>();
    for (Fetch fetch : cluster.held) {
      held.add(fetch.renamed(to));
    }
    held.sort(null);
    put(held.size());
    held.forEach(this::writeFetch);
    put(cluster.promised);
    for (int k = 0; k < cluster.promised; k++) {
      put(cluster.committed[k]);
    }
    for (int leader : cluster.leaders) {
      put(leader == 0 ? 0 : to[leader >> 4] << 4 | (leader & 15));
    }
    put(cluster.crashes);
    put(cluster.powerLosses);
    put(cluster.lostFlushes << 4 | cluster.damages);
    put(cluster.unknowns);
    put(cluster.delays);
    put(cluster.appends);
    put(cluster.isLowered ? 1 : 0);
  }

  private void writeNode(Znode z) {
    put(z.version());
    put(z.leader());
    put(z.leaderIncarnation());
    put(z.epoch());
    put(z.inSync());
    put(z.eligible());
    put((z.soleFlushed() ? 1 : 0) | (z.mayHaveLost() ? 2 : 0));
    putInt(z.rollCall());
    put(z.vouched());
  }

  private void writeServer(Server server, int[] from, int[] to) {
    put(
        server.up.ordinal()
            | server.role.ordinal() << 2
            | (server.isDoubtful ? 16 : 0)
            | (server.hasLostFlushed ? 32 : 0)
            | (server.isOffline ? 64 : 0));
    put(server.usedIn);
    put((server.hasAgreed ? 1 : 0) | (server.isDeposed ? 2 : 0));
    put(server.incarnation);
    put(server.epoch);
    put(server.end);
    for (int k = 0; k < server.end; k++) {
      put(server.log[k]);
    }
    put(server.flushed);
    put(server.highWatermark);
    put(server.view == null ? 0 : 1);
    if (server.view != null) {
      writeNode(server.view.renamed(to));
    }
    writeWrite(server.write, to);
    writeWrite(server.orphan, to);
    if (server.role == Server.Role.LEADER) {
      put(server.epochStart);
      put(server.standardEnd);
      put(server.syncedEnd);
      for (int i : from) {
        put(server.positions[i]);
        put(server.forced[i]);
        put(server.lives[i]);
      }
    }
  }

  private void writeWrite(@Nullable Write write, int[] to) {
    if (write == null) {
      put(0);
      return;
    }
    Write renamed = write.renamed(to);
    put(1 | (write.isAnswerLost() ? 2 : 0) | write.kind().ordinal() << 2);
    put(write.fate().ordinal() | renamed.checked() << 2);
    putInt(renamed.lives());
    writeNode(renamed.node());
  }

  private void writeFetch(Fetch fetch) {
    put(fetch.from());
    put(fetch.to());
    put(fetch.incarnation());
    put(fetch.epoch());
    put(fetch.offset());
    put(fetch.lastEpoch());
    put(fetch.flushed());
  }

  Cluster decode(byte[] state) {
    bytes = state.length > bytes.length ? new byte[state.length * 2] : bytes;
    System.arraycopy(state, 0, bytes, 0, state.length);
    at = 0;
    Cluster cluster = new Cluster(readNode());
    for (int i = 0; i < Cluster.REPLICAS; i++) {
      cluster.known[i] = get();
      cluster.servers[i] = readServer();
    }
    int held = get();
    List<Fetch> fetches = new ArrayList<>();
    for (int k = 0; k < held; k++) {
      fetches.add(new Fetch(get(), get(), get(), get(), get(), get(), get()));
    }
    cluster.held = List.copyOf(fetches);
    cluster.promised = get();
    for (int k = 0; k < cluster.promised; k++) {
      cluster.committed[k] = get() & 0xff;
    }
    for (int k = 0; k < cluster.leaders.length; k++) {
      cluster.leaders[k] = get() & 0xff;
    }
    cluster.crashes = get();
    cluster.powerLosses = get();
    int rare = get();
    cluster.lostFlushes = rare >> 4;
    cluster.damages = rare & 15;
    cluster.unknowns = get();
    cluster.delays = get();
    cluster.appends = get();
    cluster.isLowered = get() == 1;
    return cluster;
  }

  private byte get() {
    return bytes[at++];
  }

  private int getInt() {
    return (get() & 0xff) << 24 | (get() & 0xff) << 16 | (get() & 0xff) << 8 | (get() & 0xff);
  }

  private Znode readNode() {
    int version = get();
    int leader = get();
    int life = get();
    int epoch = get();
    int inSync = get();
    int eligible = get();
    int flags = get();
    int rollCall = getInt();
    return new Znode(
        version,
        leader,
        life,
        epoch,
        inSync,
        eligible,
        (flags & 1) != 0,
        get(),
        rollCall,
        (flags & 2) != 0);
  }

  private Server readServer() {
    Server server = new Server();
    server.forgetRole();
    int first = get();
    server.up = UPS[first & 3];
    server.role = ROLES[first >> 2 & 3];
    server.isDoubtful = (first & 16) != 0;
    server.hasLostFlushed = (first & 32) != 0;
    server.isOffline = (first & 64) != 0;
    server.usedIn = get();
    int second = get();
    server.hasAgreed = (second & 1) != 0;
    server.isDeposed = (second & 2) != 0;
    server.incarnation = get();
    server.epoch = get();
    server.end = get();
    for (int k = 0; k < server.end; k++) {
      server.log[k] = get() & 0xff;
    }
    server.flushed = get();
    server.highWatermark = get();
    server.view = get() == 0 ? null : readNode();
    server.write = readWrite();
    server.orphan = readWrite();
    if (server.role == Server.Role.LEADER) {
      server.epochStart = get();
      server.standardEnd = get();
      server.syncedEnd = get();
      for (int f = 0; f < Cluster.REPLICAS; f++) {
        server.positions[f] = get();
        server.forced[f] = get();
        server.lives[f] = get();
      }
    }
    return server;
  }

  private @Nullable Write readWrite() {
    int first = get();
    if (first == 0) {
      return null;
    }
    int second = get();
    int lives = getInt();
    return new Write(
        KINDS[first >> 2], FATES[second & 3], (first & 2) != 0, second >> 2, lives, readNode());
  }
}
