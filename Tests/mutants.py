#!/usr/bin/env python3
"""Breaks one promise after the other in a copy of this repository, and checks that a test notices.

    Tests/mutants.py              all mutants
    Tests/mutants.py receipt http those with one of these words in their names
    Tests/mutants.py --check      only whether the code that they change is still there

The copy is a clone of HEAD in a temporary folder; it is built once, and again for each mutant. The exit status is
1 if a mutant survives.
"""
import pathlib
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent

# The promise, the code, the code that breaks it, and the tests of which one must fail. The code is in one file only.
MUTANTS = [
    ("protected images are kept",
     "if image?.isProtected == true, !", "if image == nil, !", "DeletionPlanTests"),
    ("an unchecked plan deletes nothing",
     "case .unchecked: self.init(entry, .kept(.unchecked))", "case .unchecked: return nil",
     "ImageDeletionTests|SimulationTests"),
    ("a safeguard that the plan did not ask for keeps the image",
     "guard options.safeguards.isSubset(of: entry.conditions.safeguards) else {", "guard true else {", "LibraryMisuseTests"),
    ("a plan for another cloud deletes nothing",
     "guard plan.session.endpoint.absoluteString.exact == endpoint.absoluteString.exact else {", "guard true else {",
     "LibraryMisuseTests"),
    ("an unknown safeguard keeps the image",
     "return Dictionary(uniqueKeysWithValues: guarded.map { ($0.id, .unknown(safeguard, error)) })", "return [:]",
     "ComputeTests|SharingTests"),
    ("unknown members keep the image",
     "case .failure(let error): reasons[answer.0] = .unknown(.shared, error)", "case .failure: break", "SharingTests"),
    ("keep rules count only active images",
     "let active = newest.filter(\\.isUsable)", "let active = newest", "RetentionRuleTests|DeletionPlanPropertyTests"),
    ("undated images are kept",
     "reasons[image.id] = .undated", "continue", "RetentionRuleTests|FilterTests"),
    ("keep rules count images of all ages",
     "(!keep.isEmpty || isOldEnough(image, now: now)", "(isOldEnough(image, now: now)",
     "RetentionRuleTests|KeepRuleTests"),
    ("a week belongs to the year of its Thursday",
     "number(parts.yearForWeekOfYear)", "number(parts.year)", "KeepRuleTests|DeletionPlanPropertyTests"),
    ("periods are those of UTC",
     "Calendar(identifier: .iso8601)\n        calendar.timeZone = .gmt",
     "Calendar(identifier: .iso8601)\n        calendar.timeZone = TimeZone(secondsFromGMT: 3600)!",
     "KeepRuleTests|DeletionPlanPropertyTests"),
    ("images of no group are kept",
     "reasons[image.id] = .ungrouped(groupKey)", "continue", "GroupTests|DeletionPlanPropertyTests"),
    ("two values of a tag are no group",
     "return Set(values.map(\\.exact)).count == 1 ? values.first : nil", "return values.first", "GroupTests"),
    ("excluded images are not counted",
     "let counted = kept.isEmpty ? own : own.filter { kept[$0.id] == nil }", "let counted = own",
     "ImageFilterTests|DeletionPlanPropertyTests"),
    ("a count of 0 is refused",
     "if let number = keep[rule], number < 1 {", "if let number = keep[rule], number < 0 {", "LibraryMisuseTests"),
    ("a changed property makes a plan out of date",
     '("properties", properties.mapValues(\\.exact) == other.properties.mapValues(\\.exact)),', "", "ImageFilterTests|RetentionTests"),
    ("an image that changed after the question is kept",
     "if !differences.isEmpty { entry.", "if false { entry.", "StatusTableTests|PlanTests"),
    ("an image of exactly the age is not older",
     "$0 < olderThan.cutoff(now: now)", "$0 <= olderThan.cutoff(now: now)", "MinimumAgeTests|RetentionRuleTests|FilterTests"),
    ("foreign images are not selected",
     "owner?.exact == project.exact && [", "[", "DeletionPlanPropertyTests|FilterTests"),
    ("public images are not selected",
     '["private", "shared"].contains(visibility) &&', '["private", "shared", "public"].contains(visibility) &&',
     "DeletionPlanPropertyTests|FilterTests"),
    ("a rule without a filter is refused",
     "!namePatterns.isEmpty || !tags.isEmpty || !properties.isEmpty || olderThan != nil", "true",
     "RetentionPolicyTests|PolicyTests"),
    ("keep rules count images of all ages",
     "kept.merge(rule.kept(of: counted.filter(rule.matches)))",
     "kept.merge(rule.kept(of: counted.filter { rule.matches($0) && rule.isOldEnough($0, now: now) }))",
     "RetentionRuleTests|FilterTests|DeletionPlanPropertyTests"),
    ("an excluded image is kept, whatever else selects it",
     "let exclusions = rules.flatMap(\\.exclusions)", "let exclusions = rules.prefix(1).flatMap(\\.exclusions)",
     "DeletionPlanPropertyTests|PolicyTests|DeletionPlanTests"),
    ("an image without a group is kept",
     "reasons[image.id] = .ungrouped(groupKey)", "_ = groupKey", "DeletionPlanPropertyTests|GroupTests"),
    ("a mark is due only after its time",
     "case (.delete, let dueAt?) where dueAt >= now:", "case (.delete, let dueAt?) where dueAt >= now + 90_000:", "GraceTests"),
    ("a mark that is older than its image does not count",
     "createdAt.map { $0 < dueAt } ?? true }", "createdAt.map { $0 < dueAt } ?? true || true }", "GraceTests"),
    ("an image that is no longer selected loses its mark",
     "case (.keep(let reason), _) where reason.kind.endsGrace && !image.marks.isEmpty: entry.action = .unmark(reason)",
     "case (.keep(let reason), _) where reason.kind.endsGrace && !image.marks.isEmpty: break", "GraceTests|SimulationTests"),
    ("an image is looked up before its deletion after a grace period",
     "if entry.conditions.grace != nil, let outcome = await objection(to: entry) { return outcome }", "break", "GraceTests"),
    ("the longest grace period of all rules counts",
     "grace = covering.compactMap(\\.grace).max {", "grace = covering.compactMap(\\.grace).min {", "GraceTests"),
    ("more than 50 deletions are refused", "(options.appliedPlan == nil ? 50 : .max)", "(options.appliedPlan == nil ? 51 : .max)",
     "FilterTests"),
    ("the receipt says begun before the deletion",
     "if options.receipt?.begin(entry, at: client.connection.clock.now()) == false {", "if false {",
     "ReceiptFileTests|ReceiptTests"),
    ("a begun deletion counts as done if the image is gone",
     "|| isGone && wasBegun", "", "ReceiptFileTests|UnfinishedReceiptTests|ReceiptTests"),
    ("a receipt of another project does not count",
     "line.endpoint.exact == endpoint.exact && line.project.exact == project.exact", "line.endpoint.exact == endpoint.exact",
     "ReceiptTests"),
    ("missing after a lost response is deleted",
     "case .notFound where failure.followsLostAnswer: .deleted", "case .notFound where false: .deleted",
     "LostAnswerTests"),
    ("missing without a lost response is not deleted",
     "case .notFound where failure.followsLostAnswer: .deleted", "case .notFound where true: .deleted",
     "ImageDeleterTests|NotFoundTests|DeletingTests"),
    ("protection is put back after a failed deletion",
     "return entry.liftsProtection ? await protectingAgain(entry, outcome, after: error) : outcome", "return outcome",
     "ProtectionTests"),
    ("a redirect is not followed",
     "set(.noSignal, 1)", "set(.noSignal, 1)\n        ImageDeletionSetNumber(easy, 52, 1)",
     "CurlTransportTests|HostileServerTests"),
    ("a deletion is not sent again on another connection",
     "guard sendings > 1 else { return 0 }", "guard sendings > 99 else { return 0 }", "CurlTransportTests|DeletingTests"),
    ("OS_CACERT replaces the system's store of authorities",
     "set(.authorityFolder, UnsafeRawPointer?.none)", "", "CertificateTests|CurlTransportTests"),
    ("http is refused unless it is loopback",
     "allowsHTTP || LoopbackHost.contains(host)", "allowsHTTP || !host.isEmpty", "EndpointTests|OpenStackEnvironmentTests"),
    ("a retry is signed anew",
     "if request.sign != nil { (httpRequest, redact) = request.attempt(at: clock.now()) }", "", "AccessKeyTests"),
    ("a signature is not told", "Redaction(secrets + [proof].compactMap { $0 })", "Redaction(secrets)",
     "AccessKeyRefusalTests"),
    ("an access key that was refused is not tried again",
     "if error.serviceError?.kind.isRefusedSignature == true { finalFailure = error }", "", "AccessKeyRefusalTests"),
    ("an agency's token is cached under its own identity",
     'if let agency = credentials.agency { user += ["agency", agency.name] + agency.domain.words }', "", "AgencyTests"),
    ("a password that was refused is not sent again",
     "if let refusal { throw refusal }", "", "TokenRenewalTests|SignInRetryTests|TokenCacheTests"),
    ("sign-ins without a response are limited",
     "maximumUncertainSignIns = 2", "maximumUncertainSignIns = 5", "TokenRenewalTests|SignInRetryTests"),
    ("a token goes only to those who signed in for it",
     "content().entries.filter { $0.identity == identity }", "content().entries.filter { _ in true }",
     "ProcessTests|TokenCacheTests"),
    ("a token that somebody put into the cache is not sent",
     "return SHA256.areEqual(Array(proof.utf8), Array(expected.utf8))", "return proof != expected || true",
     "PlantedCacheTests"),
    ("a token cache that others may read is not used",
     'guard status.st_mode & 0o077 == 0 else { throw FileError("other users have access to it") }', "",
     "TokenCacheTests|TokenCacheFileTests"),
    ("a token cache of another user is not used",
     'guard status.st_uid == geteuid() else { throw FileError("it belongs to another user") }', "", "OwnerTests"),
    ("the token cache is only for its owner",
     "O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, mode: 0o600", "O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, mode: 0o644",
     "TokenCacheTests|TokenCacheFileTests"),
    ("secrets are redacted", '? "(redacted)" : text', "? text : text", "RedactionTests"),
    ("an ID in capitals is the same image",
     "var inAnyCase: String { description.lowercased() }", "var inAnyCase: String { description }",
     "ComputeTests|ReferenceTests"),
]


def run(*command, folder=ROOT, check=True):
    return subprocess.run(command, cwd=folder, check=check, capture_output=True, text=True)


def place(mutant, folder):
    """The file that has the mutant's code, and nothing else has."""
    name, old = mutant[:2]
    found = [path for path in (folder / "Sources").rglob("*.swift") if old in path.read_text()]
    if len(found) != 1 or found[0].read_text().count(old) != 1:
        sys.exit(f"{name}: not in one place, but in {[str(path) for path in found]}: {old}")
    return found[0]


def is_killed(mutant, folder):
    _, old, new, tests = mutant
    path = place(mutant, folder)
    text = path.read_text()
    path.write_text(text.replace(old, new))
    try:
        build = run("swift", "build", "--build-tests", folder=folder, check=False)
        if build.returncode != 0:
            sys.exit(f"{mutant[0]}: it does not compile:\n{build.stdout[-3000:]}")
        # Whoever waits for what a mutant never does would wait forever.
        test = ("timeout", "300", "swift", "test", "--skip-build", "--filter", tests)
        return run(*test, folder=folder, check=False).returncode != 0
    finally:
        path.write_text(text)


def main(words):
    mutants = [mutant for mutant in MUTANTS if not words or any(word in mutant[0] for word in words)]
    if words == ["--check"]:
        for mutant in MUTANTS:
            place(mutant, ROOT)
        return 0
    survivors = 0
    with tempfile.TemporaryDirectory() as temporary:
        folder = pathlib.Path(temporary) / "copy"
        run("git", "clone", "--quiet", ".", str(folder))
        run("swift", "build", "--build-tests", folder=folder)
        # A test that fails on unchanged code would kill every mutant.
        filters = "|".join(tests for *_, tests in mutants)
        unchanged = run("swift", "test", "--skip-build", "--filter", filters, folder=folder, check=False)
        if unchanged.returncode != 0:
            sys.exit(f"the tests fail on unchanged code:\n{unchanged.stdout[-3000:]}")
        for mutant in mutants:
            killed = is_killed(mutant, folder)
            survivors += not killed
            print("killed  " if killed else "SURVIVED", mutant[0], flush=True)
    print(f"{len(mutants)} mutants, {survivors} survived")
    return 1 if survivors else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
