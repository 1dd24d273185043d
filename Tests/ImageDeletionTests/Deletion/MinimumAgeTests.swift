import Foundation
import ImageDeletion
import Testing

@Suite("Age limit")
struct MinimumAgeTests {
    private func time(_ text: String) throws -> Date { try Date(text, strategy: .iso8601) }

    @Test(
        "Reads a duration as a number and a unit",
        arguments: [
            ("90m", 5400), ("12h", 43_200), ("30d", 2_592_000), ("2w", 1_209_600), ("1m", 60), ("0d", 0), ("0m", 0),
            ("007d", 604_800), ("9999999w", 6_047_999_395_200),
        ]
    )
    func lengths(text: String, seconds: Int) throws {
        #expect(try MinimumAge(text) == .seconds(seconds))
    }

    @Test(
        "Reads a date as its start, in UTC without an offset",
        arguments: [
            ("2026-10-01", "2026-10-01T00:00:00Z"), ("2026-10-01T08:30", "2026-10-01T08:30:00Z"),
            ("2026-10-01T08:30:15", "2026-10-01T08:30:15Z"), ("2026-10-01T08:30:15Z", "2026-10-01T08:30:15Z"),
            ("2026-10-01t08:30:15z", "2026-10-01T08:30:15Z"), ("2026-10-01 08:30", "2026-10-01T08:30:00Z"),
            ("2026-10-01T08:30Z", "2026-10-01T08:30:00Z"), ("2026-12-31T23:59:59Z", "2026-12-31T23:59:59Z"),
            ("2028-02-29", "2028-02-29T00:00:00Z"), ("2000-02-29", "2000-02-29T00:00:00Z"),
        ]
    )
    func dates(text: String, moment: String) throws {
        #expect(try MinimumAge(text) == .date(time(moment)))
    }

    @Test(
        "Applies the sign of an offset",
        arguments: [
            ("2026-10-01T08:00:00+02:00", "2026-10-01T06:00:00Z"),
            ("2026-10-01T08:00:00-02:00", "2026-10-01T10:00:00Z"),
            ("2026-10-01T08:00:00+0200", "2026-10-01T06:00:00Z"), ("2026-10-01T08:00-0930", "2026-10-01T17:30:00Z"),
            ("2026-10-01T01:00+05:45", "2026-09-30T19:15:00Z"), ("2026-12-31T23:00-02:00", "2027-01-01T01:00:00Z"),
            ("2028-03-01T00:30+01:00", "2028-02-29T23:30:00Z"), ("2026-10-01T08:00+00:00", "2026-10-01T08:00:00Z"),
            ("2026-10-01T08:00-00:00", "2026-10-01T08:00:00Z"), ("2026-10-01T08:00+23:59", "2026-09-30T08:01:00Z"),
        ]
    )
    func offsets(text: String, moment: String) throws {
        #expect(try MinimumAge(text) == .date(time(moment)))
    }

    @Test(
        "Rejects an invalid duration",
        arguments: [
            "", " ", "30", "d", "w", "-1d", "+1d", "1.5d", "1,5d", "30 d", " 30d", "30d ", "30D", "30H", "30s", "30y",
            "30dd", "3d2h", "1e3d", "0x1d", "P30D", "30 days", "30days", "٣٠d", "３０d", "30d\u{301}", "3\u{FE0F}0d",
            "99999999d", "00000030d", "99999999999999999999d", "30d\n", "30ｄ", "\0d",
        ]
    )
    func noLength(text: String) {
        #expect(throws: ImageDeletionError.rule(.age(text))) { try MinimumAge(text) }
    }

    @Test(
        "Rejects a date that does not exist",
        arguments: [
            "2026-02-30", "2026-02-29", "2027-02-29", "2100-02-29", "2026-04-31", "2026-13-01", "2026-00-10",
            "2026-10-00", "2026-10-32", "2026-10-01T24:00", "2026-10-01T25:00", "2026-10-01T08:60",
            "2026-10-01T08:00:60", "2026-10-01T08:00:61Z", "2026-10-01T08:00+24:00", "2026-10-01T08:00+02:60",
        ]
    )
    func noDate(text: String) {
        #expect(throws: ImageDeletionError.rule(.age(text))) { try MinimumAge(text) }
    }

    @Test(
        "Rejects other formats",
        arguments: [
            "2026", "2026-10", "26-10-01", "02026-10-01", "2026-10-1", "2026-1-01", "20261001", "2026/10/01",
            "01.10.2026", "2026-10-01T", "2026-10-01T8:00", "2026-10-01T08", "2026-10-01T08:00+02", "2026-10-01Z",
            "2026-10-01+02:00", "2026-10-01T08:00:00.5Z", "2026-10-01T08:00 +02:00", "2026-10-01  08:00",
            "2026-10-01T08:00ZZ", " 2026-10-01", "2026-10-01\n", "٢٠٢٦-١٠-٠١", "2026-10-01T٠٨:00", "yesterday",
            "-2026-10-01", "2026-W40-4", "2026-10-01T08:00:00 UTC", "2026–10–01",
        ]
    )
    func noForm(text: String) {
        #expect(throws: ImageDeletionError.rule(.age(text))) { try MinimumAge(text) }
    }

    @Test("Subtracts a duration from now in days of 24 hours")
    func lengthCutoff() throws {
        // In Europe the clocks went back on 25 October.
        let now = try time("2026-11-18T11:06:40Z")
        #expect(try MinimumAge("30d").cutoff(now: now) == time("2026-10-19T11:06:40Z"))
        #expect(try MinimumAge("90m").cutoff(now: now) == time("2026-11-18T09:36:40Z"))
        #expect(try MinimumAge("0d").cutoff(now: now) == now)
        #expect(try MinimumAge("365d").cutoff(now: time("2028-03-01T00:00:00Z")) == time("2027-03-02T00:00:00Z"))
    }

    @Test("Returns a date unchanged at any time", arguments: ["2020-01-01T00:00:00Z", "2030-01-01T00:00:00Z"])
    func dateCutoff(now: String) throws {
        #expect(try MinimumAge("2026-10-01").cutoff(now: time(now)) == time("2026-10-01T00:00:00Z"))
    }
}
