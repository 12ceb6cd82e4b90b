"""Blender side of the studio: materials, light, camera, one Cycles render to an RGBA array. CPU only, no add-ons."""

from __future__ import annotations

import contextlib
import math
import os
import sys
import tempfile
from random import Random

import bpy
import mathutils
import numpy as np
from mesh import IMAGES, Group, Mat
from PIL import Image


def reset(threads=1):
    """Empty Blender and set the renderer: few samples, denoised, cheap sampling of the surroundings."""
    bpy.ops.wm.read_factory_settings(use_empty=True)
    s = bpy.context.scene
    s.render.engine = "CYCLES"
    c = s.cycles
    c.device, c.samples, c.use_adaptive_sampling = "CPU", 10, False
    c.use_denoising, c.denoiser, c.denoising_input_passes = True, "OPENIMAGEDENOISE", "RGB_ALBEDO_NORMAL"
    c.denoising_prefilter = "FAST"
    c.denoising_quality = "FAST"
    c.use_light_tree, c.max_bounces = False, 4
    c.diffuse_bounces, c.glossy_bounces, c.transmission_bounces, c.transparent_max_bounces = 2, 3, 3, 4
    c.caustics_reflective = c.caustics_refractive = False
    c.sample_clamp_indirect = 4
    s.render.threads_mode, s.render.threads = "FIXED", threads
    s.render.use_persistent_data = False
    s.view_settings.view_transform = "Standard"
    s.render.image_settings.file_format = "PNG"
    s.render.image_settings.color_mode = "RGBA"
    s.render.image_settings.compression = 0
    s.world = bpy.data.worlds.new("w")


def clear():
    """Remove what the last photo left."""
    d = bpy.data
    for kind in (d.objects, d.meshes, d.materials, d.images, d.lights, d.cameras):
        if len(kind):
            d.batch_remove(list(kind))


def linear(c):
    c = np.asarray(c, float)
    return np.where(c <= 0.04045, c / 12.92, ((c + 0.055) / 1.055) ** 2.4)


def image(array: np.ndarray, name: str, data=False):
    """Hand a picture to Blender, uint8 (sRGB) or float (linear)."""
    h, w = array.shape[:2]
    img = bpy.data.images.new(name, w, h, float_buffer=data)
    px = np.ones((h, w, 4), np.float32)
    px[..., :3] = array[::-1] / (1.0 if data else 255.0)
    img.pixels.foreach_set(px.ravel())
    return img


def material(m: Mat):
    mat = bpy.data.materials.new("m")
    mat.use_nodes = True
    t = mat.node_tree
    b = t.nodes["Principled BSDF"]
    put = b.inputs
    put["Base Color"].default_value = (*linear(m.color), 1)
    put["Roughness"].default_value = m.rough
    put["Metallic"].default_value = m.metal
    put["Coat Weight"].default_value = m.coat
    put["Coat Roughness"].default_value = 0.05
    put["Specular IOR Level"].default_value = m.spec
    if m.glass:
        put["Transmission Weight"].default_value = m.glass
    if m.alpha < 1:
        put["Alpha"].default_value = m.alpha
    if m.image:
        tex = t.nodes.new("ShaderNodeTexImage")
        tex.image = image(IMAGES[m.image], m.image)
        tex.extension = "REPEAT"
        if m.emit:
            put["Base Color"].default_value = (0, 0, 0, 1)
            t.links.new(tex.outputs["Color"], put["Emission Color"])
        else:
            t.links.new(tex.outputs["Color"], put["Base Color"])
    elif m.emit:
        put["Emission Color"].default_value = (*linear(m.color), 1)
    put["Emission Strength"].default_value = m.emit
    if m.bump:
        co = t.nodes.new("ShaderNodeTexCoord")
        noise = t.nodes.new("ShaderNodeTexNoise")
        noise.inputs["Scale"].default_value = m.grain
        bump = t.nodes.new("ShaderNodeBump")
        bump.inputs["Strength"].default_value = m.bump
        bump.inputs["Distance"].default_value = 0.1
        t.links.new(co.outputs["Object"], noise.inputs["Vector"])
        t.links.new(noise.outputs["Fac"], bump.inputs["Height"])
        t.links.new(bump.outputs["Normal"], put["Normal"])
    return mat


def build(group: Group):
    """Make one Blender mesh a material (and voxel size) from the group's parts."""
    bins: dict = {}
    for p in group.parts:
        bins.setdefault((p.mat, p.fuse, p.sharp), []).append(p)
    for (mat, fuse, sharp), parts in bins.items():
        verts, quads, loops, starts, totals, uvs, base = [], [], [], [], [], [], 0
        for p in parts:
            verts.append(p.verts)
            quads.append(p.quads + base)
            for n in p.ngons:
                loops.append(np.asarray(n) + base)
            uvs.append(p.uv if p.uv is not None else np.zeros((len(p.verts), 2)))
            base += len(p.verts)
        v, q = np.concatenate(verts), np.concatenate(quads).astype(np.int32).reshape(-1, 4)
        index = np.concatenate([q.ravel(), *loops]).astype(np.int32)
        totals = np.concatenate([np.full(len(q), 4), [len(x) for x in loops]]).astype(np.int32)
        starts = np.concatenate([[0], np.cumsum(totals)[:-1]]).astype(np.int32)
        me = bpy.data.meshes.new("p")
        me.vertices.add(len(v))
        me.vertices.foreach_set("co", v.astype(np.float32).ravel())
        me.loops.add(len(index))
        me.loops.foreach_set("vertex_index", index)
        me.polygons.add(len(totals))
        me.polygons.foreach_set("loop_start", starts)
        if mat.image:
            layer = me.uv_layers.new(name="uv")
            layer.data.foreach_set("uv", np.concatenate(uvs)[index].astype(np.float32).ravel())
        me.update(calc_edges=True)
        me.polygons.foreach_set("use_smooth", np.ones(len(totals), bool))
        me.set_sharp_from_angle(angle=math.radians(sharp))
        me.materials.append(material(mat))
        ob = bpy.data.objects.new("o", me)
        bpy.context.collection.objects.link(ob)
        if fuse:
            r = ob.modifiers.new("r", "REMESH")
            r.mode, r.voxel_size, r.use_smooth_shade = "VOXEL", fuse, True
            s = ob.modifiers.new("s", "SMOOTH")
            s.iterations, s.factor = 6, 0.5


def surroundings(pixels: np.ndarray, strength=1.0, turn=0.0):
    """Light and reflections from a small picture of a room, (h, w, 3) float, linear."""
    w = bpy.context.scene.world
    w.use_nodes = True
    t = w.node_tree
    t.nodes.clear()
    out, bg = t.nodes.new("ShaderNodeOutputWorld"), t.nodes.new("ShaderNodeBackground")
    env, co, mp = (
        t.nodes.new("ShaderNodeTexEnvironment"),
        t.nodes.new("ShaderNodeTexCoord"),
        t.nodes.new("ShaderNodeMapping"),
    )
    env.image = image(pixels, "env", data=True)
    mp.inputs["Rotation"].default_value[2] = turn
    bg.inputs["Strength"].default_value = strength
    t.links.new(co.outputs["Generated"], mp.inputs["Vector"])
    t.links.new(mp.outputs["Vector"], env.inputs["Vector"])
    t.links.new(env.outputs["Color"], bg.inputs["Color"])
    t.links.new(bg.outputs["Background"], out.inputs["Surface"])
    w.cycles.sampling_method, w.cycles.sample_map_resolution = "MANUAL", 64


def area_light(position, target, size, power, color=(1, 1, 1)):
    """A square soft box aimed at a point. Power is what falls on the target, whatever the distance."""
    lamp = bpy.data.lights.new("l", "AREA")
    lamp.size, lamp.color = size, color
    o = bpy.data.objects.new("l", lamp)
    d = np.asarray(target, float) - position
    lamp.energy = power * float(d @ d) * 12
    o.location = position
    o.rotation_euler = mathutils.Vector(d).to_track_quat("-Z", "Y").to_euler()
    bpy.context.collection.objects.link(o)


def frame(points: np.ndarray, azimuth, elevation, roll, lens, aspect, fill=0.86, shift=(0.0, 0.0)):
    """Camera that sees all points from a direction (degrees), so that they fill a share of the frame.

    Returns (position, rotation 3x3 with columns right, up, back; tangent of half the field of view along the longer
    side).
    """
    a, e, r = math.radians(azimuth), math.radians(elevation), math.radians(roll)
    back = np.array([math.cos(e) * math.sin(a), -math.cos(e) * math.cos(a), math.sin(e)])
    up0 = np.array([0, 0, 1.0]) if abs(elevation) < 89 else np.array([-math.sin(a), math.cos(a), 0])
    right = np.cross(up0, back)
    right /= np.linalg.norm(right)
    up = np.cross(back, right)
    right, up = right * math.cos(r) + up * math.sin(r), up * math.cos(r) - right * math.sin(r)
    rot = np.stack([right, up, back], 1)
    tan = 18.0 / lens
    tx, ty = (tan, tan / aspect) if aspect >= 1 else (tan * aspect, tan)
    q = (points - points.mean(0)) @ rot
    size = np.ptp(q, axis=0).max()
    cx, cy = (q[:, 0].max() + q[:, 0].min()) / 2, (q[:, 1].max() + q[:, 1].min()) / 2
    dist = size * 3 / tan * 0.5 + q[:, 2].max()
    for _ in range(40):
        z = np.maximum(dist - q[:, 2], 1e-3)
        x, y = (q[:, 0] - cx) / z, (q[:, 1] - cy) / z
        near = max(np.ptp(x) / (2 * tx), np.ptp(y) / (2 * ty)) / fill
        depth = 0.6 * np.median(z)  # a cautious step: near points swing further than far ones
        cx, cy = cx + (x.max() + x.min()) / 2 * depth, cy + (y.max() + y.min()) / 2 * depth
        dist = max(q[:, 2].max() + 0.02 * size, q[:, 2].max() + (dist - q[:, 2].max()) * min(max(near, 0.6), 1.6))
    cx, cy = cx + shift[0] * dist * tx, cy + shift[1] * dist * ty
    return points.mean(0) + rot @ [cx, cy, dist], rot, tan


def camera(position, rot, lens, width, height, fstop=0.0, focus=1.0):
    s = bpy.context.scene
    cam = bpy.data.cameras.new("c")
    cam.lens, cam.sensor_width, cam.sensor_fit = lens, 36, "AUTO"
    cam.clip_start, cam.clip_end = 0.05, 5000
    if fstop:
        cam.dof.use_dof, cam.dof.aperture_fstop, cam.dof.focus_distance = True, fstop, focus
    ob = bpy.data.objects.new("c", cam)
    m = np.eye(4)
    m[:3, :3], m[:3, 3] = rot, position
    ob.matrix_world = mathutils.Matrix(m.tolist())
    bpy.context.collection.objects.link(ob)
    s.camera = ob
    s.render.resolution_x, s.render.resolution_y, s.render.resolution_percentage = width, height, 100


@contextlib.contextmanager
def quiet():
    """Blender reports every sample on standard output; nobody reads that."""
    sys.stdout.flush()
    kept, nothing = os.dup(1), os.open(os.devnull, os.O_WRONLY)
    os.dup2(nothing, 1)
    try:
        yield
    finally:
        os.dup2(kept, 1)
        os.close(kept)
        os.close(nothing)


def render(transparent: bool, samples=10, seed=0) -> np.ndarray:
    """Render to (h, w, 4) uint8."""
    s = bpy.context.scene
    s.render.film_transparent = transparent
    s.cycles.samples, s.cycles.seed = samples, seed
    path = os.path.join(tempfile.gettempdir(), f"studio-{os.getpid()}.png")
    s.render.filepath = path
    with quiet():
        bpy.ops.render.render(write_still=True)
    with Image.open(path) as im:
        return np.asarray(im.convert("RGBA"))


def room(rng: Random, kind: str) -> np.ndarray:
    """A 128 x 64 picture of what surrounds the object: soft boxes, a window, lamps, or a flash only."""
    h, w = 64, 128
    y = np.linspace(1, -1, h)[:, None, None]
    base = rng.uniform(0.35, 0.9) if kind == "studio" else rng.uniform(0.06, 0.35)
    tint = (
        np.array([1, 1, 1])
        if kind == "studio"
        else np.array(rng.choice([(1, 1, 1), (1, 0.85, 0.65), (0.8, 0.9, 1.1), (1, 0.93, 0.82)]))
    )
    img = np.ones((h, w, 3)) * base * tint * (1 + rng.uniform(0, 0.5) * y)
    for _ in range(rng.randint(2, 4) if kind == "studio" else rng.randint(1, 3)):
        cx, cy = rng.randrange(w), rng.randint(4, 36)
        sx, sy = rng.randint(4, 16), rng.randint(4, 14)
        xs, ys = np.arange(cx - sx, cx + sx) % w, np.arange(max(0, cy - sy), min(h, cy + sy))
        img[np.ix_(ys, xs)] = rng.uniform(1.5, 4) * (np.array([1, 1, 1]) if kind == "studio" else tint)
        if kind == "window":  # panes
            img[np.ix_(ys, [cx])] = 0.1
    if kind != "studio":  # a darker, cluttered lower half
        for _ in range(14):
            cx, cy, sx, sy = rng.randrange(w), rng.randint(30, 63), rng.randint(2, 12), rng.randint(2, 10)
            img[np.ix_(np.arange(cy - sy, min(h, cy + sy)), np.arange(cx - sx, cx + sx) % w)] = np.array(
                [rng.random() for _ in range(3)]
            ) * rng.uniform(0.05, 0.6)
    return img
