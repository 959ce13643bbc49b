import { describe, expect, it } from "vitest";
import { blend, readCode, readNpy } from "../../src/adain";

const values = [0.5, -2, 3e-5];

function npy(header: string, data: Uint8Array, version = 1): Uint8Array {
  const bytes = new TextEncoder().encode(header + "\n");
  const length = version === 1 ? [bytes.length & 255, bytes.length >> 8] : [bytes.length & 255, bytes.length >> 8, 0, 0];
  return Uint8Array.from([0x93, ...new TextEncoder().encode("NUMPY"), version, 0, ...length, ...bytes, ...data]);
}

function f32(numbers: number[]): Uint8Array {
  const view = new DataView(new ArrayBuffer(numbers.length * 4));
  numbers.forEach((number, i) => view.setFloat32(i * 4, number, true));
  return new Uint8Array(view.buffer);
}

const header = (descr: string, shape: string) => `{'descr': '${descr}', 'fortran_order': False, 'shape': (${shape}), }`;

describe("readNpy", () => {
  it.each([
    ["[S]", npy(header("<f4", "3,"), f32(values))],
    ["[1, S]", npy(header("<f4", "1, 3"), f32(values))],
    ["version 2", npy(header("<f4", "3,"), f32(values), 2)],
  ])("reads %s", (_, file) => {
    expect(readNpy(file, "a.npy")).toEqual(Float32Array.from(values));
  });

  it("reads a part of a larger buffer", () => {
    const file = npy(header("<f4", "3,"), f32(values));
    const larger = new Uint8Array(file.length + 5);
    larger.set(file, 5);
    expect(readNpy(larger.subarray(5), "a.npy")).toEqual(Float32Array.from(values));
  });

  it.each([
    ["another file", new TextEncoder().encode("<!doctype html><html>"), /a\.npy is not a \.npy file/],
    ["an empty file", new Uint8Array(), /not a \.npy file/],
    ["float64", npy(header("<f8", "3,"), new Uint8Array(24)), /holds <f8.*float32/],
    ["big-endian", npy(header(">f4", "3,"), f32(values)), /holds >f4/],
    ["two rows", npy(header("<f4", "2, 3"), new Uint8Array(24)), /shape \[2, 3\].*\[S\] or \[1, S\]/],
    ["a scalar", npy(header("<f4", ""), f32([1])), /shape \[\]/],
    ["no values", npy(header("<f4", "0,"), new Uint8Array()), /shape \[0\]/],
    ["a cut file", npy(header("<f4", "3,"), f32(values)).slice(0, -1), /bytes, \d+ were expected for 3 values/],
    ["a longer file", npy(header("<f4", "2,"), f32(values)), /were expected for 2 values/],
    ["a header that lies about its length", npy(header("<f4", "3,"), f32(values)).slice(0, 40), /shape|expected|holds/],
    ["NaN", npy(header("<f4", "3,"), f32([1, NaN, 1])), /not finite/],
    ["infinity", npy(header("<f4", "3,"), f32([1, Infinity, 1])), /not finite/],
  ])("refuses %s", (_, file, message) => {
    expect(() => readNpy(file, "a.npy")).toThrow(message);
  });
});

describe("readCode", () => {
  it("reads raw float32", () => {
    expect(readCode(f32(values), "a.F32")).toEqual(Float32Array.from(values));
  });

  it.each([
    ["a part of a value", f32(values).slice(1), "a.f32", /11 bytes/],
    ["nothing", new Uint8Array(), "a.f32", /0 bytes/],
    ["NaN", f32([NaN]), "a.f32", /not finite/],
    ["another suffix", f32(values), "a.txt", /a\.txt is no style code/],
  ])("refuses %s", (_, file, name, message) => {
    expect(() => readCode(file, name)).toThrow(message);
  });
});

describe("blend", () => {
  const a = Float32Array.of(0, 4);
  const b = Float32Array.of(8, -4);

  it("takes the weighted mean", () => {
    expect(blend([a, b], [0.25, 0.75])).toEqual(Float32Array.of(6, -2));
  });

  it("scales weights to the sum 1", () => {
    expect(blend([a, b], [2, 6])).toEqual(Float32Array.of(6, -2));
  });

  it("gives one code back", () => {
    expect(blend([a], [3])).toEqual(a);
  });

  it("leaves its inputs alone", () => {
    blend([a, b], [1, 1]);
    expect(a).toEqual(Float32Array.of(0, 4));
  });

  it.each([
    ["no codes", [], [], /0 codes/],
    ["too few weights", [a, b], [1], /2 codes and 1 weights/],
    ["different lengths", [a, Float32Array.of(1)], [1, 1], /code 2 has 1 values, 2 were expected/],
    ["a negative weight", [a, b], [-1, 2], /weights are -1, 2/],
    ["NaN", [a, b], [NaN, 1], /weights are NaN, 1/],
    ["infinity", [a, b], [Infinity, 1], /Infinity/],
    ["only zeros", [a, b], [0, 0], /not all 0/],
    ["a code that is not finite", [a, Float32Array.of(1, NaN)], [1, 1], /not finite/],
  ])("refuses %s", (_, codes, weights, message) => {
    expect(() => blend(codes, weights)).toThrow(message);
  });
});
