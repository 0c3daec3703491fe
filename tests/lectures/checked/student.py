"""Layers as a student writes them, with loops; `oops` puts one mistake in. The textbook is not used."""

from __future__ import annotations

from typing import Any

import numpy as np


def conv_forward(x, w, b, stride, pad, oops=""):
    if oops == "flipped":
        w = w[:, :, ::-1, ::-1]
    if oops == "turned" and w.shape[2] == w.shape[3]:
        w = w.transpose(0, 1, 3, 2)
    if oops == "pad ignored":
        pad = 0
    if oops == "stride ignored":
        stride = 1
    N, C, H, W = x.shape
    filters, _, kh, kw = w.shape
    mode: Any = "edge" if oops == "border" else "constant"
    xp = np.pad(x, ((0, 0), (0, 0), (pad, pad), (pad, pad)), mode=mode)
    h, v = (H + 2 * pad - kh) // stride + 1, (W + 2 * pad - kw) // stride + 1
    out = np.zeros((N, filters, h, v), dtype=x.dtype if oops == "type of x" else float)
    step = 1 if oops == "step" else stride
    for n in range(N):
        for o in range(filters):
            for i in range(h):
                for j in range(v):
                    patch = xp[n, :, i * step : i * step + kh, j * step : j * step + kw]
                    if oops == "mean":
                        total = (patch * w[o]).mean()
                    elif oops == "last channel":
                        total = (patch[-1] * w[o, -1]).sum()
                    else:
                        total = (patch * w[o]).sum()
                    bias = 0 if oops == "no bias" else b[o] * (C if oops == "bias often" else 1)
                    out[n, o, i, j] = total + bias
    return out, (x, w, b, stride, pad)


def conv_backward(dout, cache, oops=""):
    x, w, _, stride, pad = cache
    N, _, H, W = x.shape
    filters, _, kh, kw = w.shape
    xp = np.pad(x, ((0, 0), (0, 0), (pad, pad), (pad, pad)))
    dxp, dw, db = np.zeros_like(xp, dtype=float), np.zeros_like(w, dtype=float), np.zeros(filters)
    for n in range(N):
        if oops == "last picture":
            dw[:] = 0
        for o in range(filters):
            for i in range(dout.shape[2]):
                for j in range(dout.shape[3]):
                    rows = slice(i * stride, i * stride + kh)
                    columns = slice(j * stride, j * stride + kw)
                    taps = w[o, :, ::-1, ::-1] if oops == "dx flipped" else w[o]
                    if oops == "overwritten":
                        dxp[n, :, rows, columns] = taps * dout[n, o, i, j]
                    else:
                        dxp[n, :, rows, columns] += taps * dout[n, o, i, j]
                    dw[o] += xp[n, :, rows, columns] * dout[n, o, i, j]
                    db[o] += dout[n, o, i, j]
    dx = dxp[:, :, pad : pad + H, pad : pad + W]
    if oops == "dx of the padded":
        dx = dxp
    if oops == "cut wrongly":
        dx = dxp[:, :, :H, :W]
    if oops == "db of each picture":
        db = dout.sum(axis=(2, 3))
    if oops == "db mean":
        db = db / N
    if oops == "dw sign":
        dw = -dw
    return dx, dw, db


def max_pool_forward(x, size, stride, oops=""):
    N, C, H, W = x.shape
    h, v = (H - size) // stride + 1, (W - size) // stride + 1
    out = np.zeros((N, C, h, v))
    for n, c, i, j in np.ndindex(N, C, h, v):
        window = x[n, c, i * stride : i * stride + size, j * stride : j * stride + size]
        best = 0.0 if oops == "from zero" else -np.inf
        for value in window.ravel():
            best = max(best, value)
        out[n, c, i, j] = window.mean() if oops == "mean" else best
    return out, (x, size, stride)


def max_pool_backward(dout, cache, oops=""):
    x, size, stride = cache
    dx = np.zeros(x.shape)
    for n, c, i, j in np.ndindex(*dout.shape):
        rows, columns = (slice(k * stride, k * stride + size) for k in (i, j))
        window = x[n, c, rows, columns]
        won = window == window.max()
        if oops == "everyone":
            won = np.ones_like(won)
        if oops == "overwritten":
            dx[n, c, rows, columns][won] = dout[n, c, i, j]
        else:
            dx[n, c, rows, columns] += won * dout[n, c, i, j]
    return dx


def avg_pool_forward(x, size, stride, oops=""):
    N, C, H, W = x.shape
    h, v = (H - size) // stride + 1, (W - size) // stride + 1
    out = np.zeros((N, C, h, v))
    for n, c, i, j in np.ndindex(N, C, h, v):
        window = x[n, c, i * stride : i * stride + size, j * stride : j * stride + size]
        out[n, c, i, j] = sum(window.ravel()) / (size if oops == "a side" else size * size)
        if oops == "largest":
            out[n, c, i, j] = window.max()
    return out, (x, size, stride)


def avg_pool_backward(dout, cache, oops=""):
    x, size, stride = cache
    dx = np.zeros(x.shape)
    for n, c, i, j in np.ndindex(*dout.shape):
        rows, columns = (slice(k * stride, k * stride + size) for k in (i, j))
        share = dout[n, c, i, j] / (1 if oops == "all of it" else size * size)
        if oops == "overwritten":
            dx[n, c, rows, columns] = share
        else:
            dx[n, c, rows, columns] += share
    return dx


def sigmoid_forward(x, oops=""):
    out = 1 / (1 + np.exp(x if oops == "sign" else -x))
    return out, (x, out)


def sigmoid_backward(dout, cache, oops=""):
    x, out = cache
    return dout * x * (1 - x) if oops == "of x" else dout * out * (1 - out)


def tanh_forward(x, oops=""):
    out = (np.exp(x) - np.exp(-x)) / (np.exp(x) + np.exp(-x))
    return out, out


def tanh_backward(dout, cache, oops=""):
    return dout * (1 - cache) if oops == "no square" else dout * (1 - cache**2)


def relu_forward(x, oops=""):
    return np.where(x > 0, x, 0.01 * x if oops == "leak" else 0), x


def relu_backward(dout, cache, oops=""):
    x = cache
    if oops == "at zero":
        return dout * (x >= 0)
    return dout.copy() if oops == "passes" else dout * (x > 0)


def fc_forward(x, w, b, oops=""):
    out = np.zeros((len(x), len(w)))
    for n, k in np.ndindex(*out.shape):
        out[n, k] = sum(x[n] * w[k]) + (0 if oops == "no bias" else b[k])
    return out, (x, w, b)


def fc_backward(dout, cache, oops=""):
    x, w, _ = cache
    dw = np.einsum("nk,nd->dk", dout, x) if oops == "dw turned" else np.einsum("nk,nd->kd", dout, x)
    db = dout if oops == "db of each" else dout.sum(0)
    return np.einsum("nk,kd->nd", dout, w), dw, db


def affine_forward(x, w, b, oops=""):
    return x.dot(w) + b, (x, w, b)


def affine_backward(dout, cache, oops=""):
    x, w, _ = cache
    return dout.dot(w.T), x.T.dot(dout), dout.sum(0)


def softmax_loss(x, labels, oops=""):
    top = 0 if oops == "overflows" else x.max(1, keepdims=True)
    with np.errstate(all="ignore"):
        e = np.exp(x - top)
        p = e / e.sum(1, keepdims=True)
        rows = np.arange(len(x))
        total = -np.log(p[rows, labels]).sum()
    loss = total if oops == "summed" else total / len(x)
    dx = p.copy()
    if oops != "no one":
        dx[rows, labels] -= 1
    return loss, dx if oops == "dx not divided" else dx / len(x)


def svm_loss(x, labels, oops=""):
    loss, dx = 0.0, np.zeros_like(x, dtype=float)
    for n in range(len(x)):
        for j in range(x.shape[1]):
            if j == labels[n] and oops != "own class":
                continue
            over = x[n, j] - x[n, labels[n]] + (0 if oops == "no margin" else 1)
            if over > 0:
                loss += over
                dx[n, j] += 1
                if oops != "right class":
                    dx[n, labels[n]] -= 1
    return loss / len(x), dx / len(x)


def batchnorm_forward(x, gamma, beta, oops=""):
    mean = x.sum(0) / len(x)
    variance = ((x - mean) ** 2).sum(0) / (len(x) - (oops == "unbiased"))
    deviation = np.sqrt(variance + (0 if oops == "no eps" else 1e-5))
    z = (x - mean) / deviation
    out = z if oops == "no scale" else gamma * z + beta
    return out, (z, deviation, gamma, x)


def batchnorm_backward(dout, cache, oops=""):
    z, deviation, gamma, x = cache
    dz = dout * gamma
    dx = dz if oops == "fixed" else dz - dz.mean(0) - z * (dz * z).mean(0)
    return dx / deviation, (dout * (x if oops == "x for z" else z)).sum(0), dout.sum(0)
