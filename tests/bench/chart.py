"""chart.py - bars of ratios, for the terminal and as a picture.

What        text() gives lines with bars of block characters, write_svg() a file: a bar for each program, the reference a line at 1;
            write_curves() a file with costs by size.
Read next   run
"""
import html
import math

TEXT_WIDTH = 60  # characters of a bar as long as the scale
EIGHTHS = ' ▏▎▍▌▋▊▉'
ROW, LEFT, WIDTH, TOP = 20, 150, 560, 30  # pixels


def scale_of(bars):
    return max([1.0, *(ratio for _, ratio in bars)])


def text(bars):
    """Lines for [(name, ratio)], fastest first; `|` stands at 1."""
    top = scale_of(bars)
    mark = round(TEXT_WIDTH / top)
    lines = []
    for name, ratio in sorted(bars, key=lambda bar: bar[1]):
        eighths = round(ratio / top * TEXT_WIDTH * 8)
        bar = ('█' * (eighths // 8) + EIGHTHS[eighths % 8].strip()).ljust(mark)
        if len(bar) == mark:
            bar += '|'
        lines.append(f'  {name:18} {ratio:5.2f} {bar}')
    return lines


def write_svg(path, bars, reference):
    """Writes the picture of [(name, ratio)] to [path]; [reference] names what 1 is."""
    top, height = scale_of(bars), TOP + ROW * len(bars) + 10
    at_one = LEFT + WIDTH / top
    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" width="{LEFT + WIDTH + 60}" height="{height}" font-family="sans-serif" font-size="12">',
             f'<title>CPU time, {html.escape(reference)} = 1</title>',
             f'<text x="{at_one:.0f}" y="16" text-anchor="middle" fill="#666">{html.escape(reference)}</text>']
    for i, (name, ratio) in enumerate(sorted(bars, key=lambda bar: bar[1])):
        y = TOP + i * ROW
        parts.append(f'<text x="{LEFT - 8}" y="{y + 13}" text-anchor="end" fill="#333">{html.escape(name)}</text>'
                     f'<rect x="{LEFT}" y="{y + 2}" width="{ratio / top * WIDTH:.1f}" height="{ROW - 5}" fill="#4a7fb5"/>'
                     f'<text x="{LEFT + ratio / top * WIDTH + 5:.1f}" y="{y + 13}" fill="#333">{ratio:.2f}</text>')
    parts.append(f'<line x1="{at_one:.1f}" y1="{TOP - 6}" x2="{at_one:.1f}" y2="{height - 6}" stroke="#c33" stroke-dasharray="3 3"/>\n</svg>\n')
    with open(path, 'w', encoding='utf-8') as file:
        file.write('\n'.join(parts))


def write_curves(path, curves):
    """Writes a picture of [(name, [(size, cost relative to the smallest)])] to [path], both axes logarithmic."""
    colours = ['#4a7fb5', '#c33', '#2a8', '#b73', '#85a', '#888', '#d4a', '#6a3', '#36c', '#a52', '#099', '#333']
    left, top, width, height = 60, 20, 560, 320
    most = max(size for _, points in curves for size, _ in points)

    def place(size, cost):
        return left + math.log10(size) / math.log10(most) * width, top + height * (0.5 - max(min(math.log2(cost), 4), -4) / 8)

    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" width="{left + width + 190}" height="{top + height + 40}" font-family="sans-serif" font-size="12">',
             '<title>Cost of an element by size, relative to the smallest</title>']
    for doublings in range(-4, 5, 2):
        y = place(1, 2 ** doublings)[1]
        parts.append(f'<line x1="{left}" y1="{y:.0f}" x2="{left + width}" y2="{y:.0f}" stroke="#ddd"/>'
                     f'<text x="{left - 6}" y="{y + 4:.0f}" text-anchor="end" fill="#666">{2 ** doublings:g}</text>')
    for power in range(int(math.log10(most)) + 1):
        x = place(10 ** power, 1)[0]
        parts.append(f'<text x="{x:.0f}" y="{top + height + 18}" text-anchor="middle" fill="#666">10^{power}</text>')
    for i, (name, points) in enumerate(curves):
        line = ' '.join(f'{x:.1f},{y:.1f}' for x, y in (place(*point) for point in points))
        colour = colours[i % len(colours)]
        parts.append(f'<polyline points="{line}" fill="none" stroke="{colour}" stroke-width="2"/>'
                     f'<text x="{left + width + 12}" y="{top + 14 + i * 18}" fill="{colour}">{html.escape(name.replace("_", " "))}</text>')
    with open(path, 'w', encoding='utf-8') as file:
        file.write('\n'.join(parts) + '\n</svg>\n')
