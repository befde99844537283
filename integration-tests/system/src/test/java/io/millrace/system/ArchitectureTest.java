package io.millrace.system;

import static com.tngtech.archunit.core.domain.JavaCall.Predicates.target;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.core.domain.properties.HasName.Predicates.nameMatching;
import static com.tngtech.archunit.core.domain.properties.HasOwner.Predicates.With.owner;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaCall;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.core.importer.Location;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;

/** The rules a reader may rely on: who may see whom, and where the world outside is touched. */
@AnalyzeClasses(
    packages = "io.millrace",
    importOptions = {ImportOption.DoNotIncludeTests.class, ArchitectureTest.NoTestJars.class})
class ArchitectureTest {
  /** The twins and fixtures that other modules' tests use, and the checker, which no broker has. */
  static final class NoTestJars implements ImportOption {
    @Override
    public boolean includes(Location location) {
      return !location.contains("-tests.jar") && !location.contains("/checker/target/");
    }
  }

  private static final String GENERATED = "io.millrace..v1";

  /** The production halves of the seams, and the commands, whose job is a person's own files. */
  private static final DescribedPredicate<JavaClass> THE_EDGE =
      resideInAnyPackage(
              "io.millrace.rpc.netty",
              "io.millrace.storage.files",
              "io.millrace.cli..",
              "io.millrace.dist..",
              "io.millrace.coordination.curator")
          .or(nameMatching("io\\.millrace\\.rpc\\.(System.*|WorkerThread|FileSlice)").forSubtype())
          .as("the production side of a seam, or a command");

  // ---- Modules look one way --------------------------------------------------------------------

  @ArchTest
  static final ArchRule wireKnowsNobody =
      noClasses()
          .that()
          .resideInAPackage("io.millrace.wire")
          .should()
          .dependOnClassesThat(
              resideInAPackage("io.millrace..")
                  .and(
                      DescribedPredicate.not(
                          ofPackages("io.millrace.wire", "io.millrace.wire.v1"))));

  @ArchTest
  static final ArchRule rpcKnowsOnlyWire =
      only("io.millrace.rpc..", "io.millrace.rpc..", "io.millrace.wire..");

  @ArchTest
  static final ArchRule coordinationKnowsOnlyWireFormat =
      only(
          "io.millrace.coordination..",
          "io.millrace.coordination..",
          "io.millrace.rpc",
          "io.millrace.wire..");

  @ArchTest
  static final ArchRule storageKnowsOnlyWireFormat =
      only(
          "io.millrace.storage..",
          "io.millrace.storage..",
          "io.millrace.rpc",
          "io.millrace.wire..");

  @ArchTest
  static final ArchRule serverNeverKnowsTheClient =
      only(
          "io.millrace.server..",
          "io.millrace.server..",
          "io.millrace.storage..",
          "io.millrace.coordination..",
          "io.millrace.rpc..",
          "io.millrace.wire..");

  @ArchTest
  static final ArchRule clientSeesTheClusterOnlyThroughViews =
      only(
          "io.millrace.client..",
          "io.millrace.client..",
          "io.millrace.coordination.view",
          "io.millrace.rpc..",
          "io.millrace.wire..");

  @ArchTest
  static final ArchRule clusterCommandsStandOnTheClient =
      only(
          "io.millrace.cli..",
          "io.millrace.cli..",
          "io.millrace.client..",
          "io.millrace.rpc",
          // of which the client's API shows the record header
          "io.millrace.wire");

  // ---- Libraries stay in their rooms -----------------------------------------------------------

  @ArchTest
  static final ArchRule nettyStaysInItsPackage =
      noClasses()
          .that()
          .resideOutsideOfPackage("io.millrace.rpc.netty")
          .should()
          .dependOnClassesThat()
          .resideInAPackage("io.netty..");

  @ArchTest
  static final ArchRule curatorStaysInItsPackage =
      noClasses()
          .that()
          .resideOutsideOfPackage("io.millrace.coordination.curator")
          .should()
          .dependOnClassesThat()
          .resideInAPackage("org.apache.curator..");

  @ArchTest
  static final ArchRule zooKeeperIsSeenByCuratorsPackageAndTheEmbeddedServerOnly =
      noClasses()
          .that()
          .resideOutsideOfPackages("io.millrace.coordination.curator", "io.millrace.dist..")
          .should()
          .dependOnClassesThat()
          .resideInAPackage("org.apache.zookeeper..");

  @ArchTest
  static final ArchRule protobufStaysWithTheFormats =
      noClasses()
          .that()
          .resideOutsideOfPackages(
              "io.millrace.wire..", "io.millrace.rpc..", "io.millrace.coordination..")
          .should()
          .dependOnClassesThat(
              resideInAPackage("com.google.protobuf..")
                  // what a repeated string field of a generated class is typed as
                  .and(
                      DescribedPredicate.not(
                          nameMatching(".*\\.ProtocolStringList").forSubtype())));

  // ---- The world outside is reached through the seams ------------------------------------------

  @ArchTest
  static final ArchRule clocksAreReadThroughTheSeam =
      noClasses()
          .that(areOurs())
          .should()
          .callMethodWhere(
              call("java.lang.System", "nanoTime|currentTimeMillis")
                  .or(call("java\\.time\\..*", "now|systemUTC|systemDefaultZone|system")));

  @ArchTest
  static final ArchRule threadsAreStartedThroughTheSeam =
      noClasses()
          .that(areOurs())
          .should()
          .callCodeUnitWhere(
              target(owner(nameMatching("java\\.lang\\.Thread").forSubtype()))
                  .and(target(nameMatching("start|sleep|<init>").forSubtype())))
          .orShould()
          .dependOnClassesThat()
          .haveNameMatching(
              "java\\.util\\.concurrent\\.(Executors|ThreadPoolExecutor|ScheduledThreadPoolExecutor|ForkJoinPool)|java\\.util\\.Timer");

  @ArchTest
  static final ArchRule randomnessComesThroughTheSeam =
      noClasses()
          .that(areOurs())
          .should()
          .dependOnClassesThat()
          .haveNameMatching(
              "java\\.util\\.(Random|SplittableRandom|concurrent\\.ThreadLocalRandom)|java\\.security\\.SecureRandom")
          .orShould()
          .callMethodWhere(
              call("java.util.UUID", "randomUUID").or(call("java.lang.Math", "random")));

  @ArchTest
  static final ArchRule filesAreReachedThroughTheSeam =
      noClasses()
          .that(areOurs())
          .should()
          .dependOnClassesThat()
          .haveNameMatching(
              "java\\.nio\\.channels\\.(FileChannel|AsynchronousFileChannel)|java\\.nio\\.file\\.(Files|FileSystems)"
                  + "|java\\.io\\.(File|FileInputStream|FileOutputStream|RandomAccessFile|FileReader|FileWriter)");

  @ArchTest
  static final ArchRule socketsAreOpenedThroughTheSeam =
      noClasses()
          .that(areOurs())
          .should()
          .dependOnClassesThat()
          .haveNameMatching(
              "java\\.net\\.(Socket|ServerSocket|DatagramSocket)|java\\.nio\\.channels\\.(SocketChannel|ServerSocketChannel)");

  // ---- Habits ----------------------------------------------------------------------------------

  @ArchTest
  static final ArchRule outputBelongsToTheCommands =
      noClasses()
          .that(areOurs())
          .should()
          .accessField(System.class, "out")
          .orShould()
          .accessField(System.class, "err")
          .orShould()
          .callMethod(System.class, "exit", int.class)
          .orShould()
          .callMethod(Throwable.class, "printStackTrace");

  @ArchTest
  static final ArchRule nobodyDeserialisesJavaObjects =
      noClasses()
          .should()
          .dependOnClassesThat()
          .haveNameMatching("java\\.io\\.Object(In|Out)putStream");

  @ArchTest
  static final ArchRule namesSayWhatAThingIs =
      noClasses()
          .that(areNotGenerated())
          .should()
          .haveSimpleNameEndingWith("Manager")
          .orShould()
          .haveSimpleNameEndingWith("Util")
          .orShould()
          .haveSimpleNameEndingWith("Utils")
          .orShould()
          .haveSimpleNameEndingWith("Helper")
          .orShould()
          .haveSimpleNameEndingWith("Impl")
          .orShould()
          .haveSimpleNameStartingWith("Base")
          .orShould()
          .haveSimpleNameEndingWith("Misc");

  @ArchTest
  static final ArchRule everyPackageIsNullMarked =
      classes()
          .that(areNotGenerated())
          .should()
          .resideInAPackage("io.millrace..")
          .andShould(ArchitectureConditions.liveInANullMarkedPackage());

  private static ArchRule only(String from, String... allowed) {
    return noClasses()
        .that()
        .resideInAPackage(from)
        .should()
        .dependOnClassesThat(
            resideInAPackage("io.millrace..").and(DescribedPredicate.not(ofPackages(allowed))));
  }

  private static DescribedPredicate<JavaClass> ofPackages(String... packages) {
    return resideInAnyPackage(packages);
  }

  private static DescribedPredicate<JavaClass> areOurs() {
    return areNotGenerated().and(DescribedPredicate.not(THE_EDGE)).as("are not at the edge");
  }

  private static DescribedPredicate<JavaClass> areNotGenerated() {
    return DescribedPredicate.not(resideInAPackage(GENERATED)).as("are written by hand");
  }

  private static DescribedPredicate<JavaCall<?>> call(String ownerPattern, String methodPattern) {
    return target(owner(nameMatching(ownerPattern).forSubtype()))
        .and(target(nameMatching(methodPattern).forSubtype()))
        .forSubtype();
  }
}
