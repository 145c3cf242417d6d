//! A chart as an SVG picture: shapes and texts alone, described in words for those who do not see it.

use plotters::prelude::*;

use super::{Chart, Kind};

const SIZE: (u32, u32) = (720, 400);
/// Colours that are told apart by those who see fewer of them, too.
const COLOURS: [RGBColor; 4] = [RGBColor(0, 90, 181), RGBColor(220, 110, 0), RGBColor(0, 130, 90), RGBColor(150, 50, 130)];
const INK: RGBColor = RGBColor(40, 40, 40);
const LINES: RGBColor = RGBColor(215, 215, 215);
/// The most labels below the axis.
const LABELS: usize = 12;

/// The picture, or why there is none.
pub fn draw(chart: &Chart) -> Result<String, String> {
    let mut picture = String::new();
    {
        let root = SVGBackend::with_string(&mut picture, SIZE).into_drawing_area();
        shapes(chart, &root).map_err(|error| error.to_string())?;
        root.present().map_err(|error| error.to_string())?;
    }
    described(chart, &picture).ok_or_else(|| "the picture has no beginning".to_owned())
}

type Area<'a> = DrawingArea<SVGBackend<'a>, plotters::coord::Shift>;
type Drawn = Result<(), Box<dyn std::error::Error>>;

fn shapes(chart: &Chart, root: &Area<'_>) -> Drawn {
    root.fill(&WHITE)?;
    let (low, high) = bounds(chart);
    let places = chart.x.len() as f64;
    let mut canvas = ChartBuilder::on(root)
        .caption(&chart.title, ("sans-serif", 20, &INK))
        .margin(14)
        .x_label_area_size(48)
        .y_label_area_size(64)
        .build_cartesian_2d(0.0..places, low..high)?;
    canvas
        .configure_mesh()
        .disable_x_mesh()
        .disable_x_axis()
        .light_line_style(WHITE)
        .bold_line_style(LINES)
        .y_desc(&chart.unit)
        .label_style(("sans-serif", 13, &INK))
        .y_label_formatter(&|v| short(*v))
        .draw()?;
    let plane = canvas.plotting_area();
    plane.draw(&PathElement::new(vec![(0.0, 0.0), (places, 0.0)], INK))?;
    let many = chart.series.len() as f64;
    for (s, series) in chart.series.iter().enumerate() {
        let colour = COLOURS[s % COLOURS.len()];
        match chart.kind {
            Kind::Bar => {
                let width = 0.8 / many;
                for (i, value) in series.values.iter().enumerate().filter_map(|(i, v)| v.map(|v| (i, v))) {
                    let left = i as f64 + 0.1 + s as f64 * width;
                    plane.draw(&Rectangle::new([(left, 0.0), (left + width * 0.92, value)], colour.filled()))?;
                }
            }
            // A line ends where there is too little data, and begins anew behind it.
            Kind::Line => {
                let points: Vec<(f64, Option<f64>)> =
                    series.values.iter().enumerate().map(|(i, v)| (i as f64 + 0.5, *v)).collect();
                for run in points.split(|(_, v)| v.is_none()).filter(|run| !run.is_empty()) {
                    let run: Vec<(f64, f64)> = run.iter().filter_map(|(x, v)| v.map(|v| (*x, v))).collect();
                    plane.draw(&PathElement::new(run.clone(), colour.stroke_width(2)))?;
                    for point in run {
                        plane.draw(&Circle::new(point, 3, colour.filled()))?;
                    }
                }
            }
        }
    }
    labels(chart, root, &plane.get_pixel_range())?;
    if chart.series.len() > 1 { legend(chart, root) } else { Ok(()) }
}

/// Names below the axis, as many as find room.
fn labels(chart: &Chart, root: &Area<'_>, (x, y): &(std::ops::Range<i32>, std::ops::Range<i32>)) -> Drawn {
    use plotters::style::text_anchor::{HPos, Pos, VPos};
    let every = chart.x.len().div_ceil(LABELS);
    let room = f64::from(x.end - x.start) / chart.x.len() as f64;
    let fits = ((room * every as f64) / 6.5).floor().max(2.0) as usize;
    let style = ("sans-serif", 12, &INK).into_text_style(root).pos(Pos::new(HPos::Center, VPos::Top));
    for (i, name) in chart.x.iter().enumerate().step_by(every) {
        let at = (x.start + (room * (i as f64 + 0.5)) as i32, y.end + 8);
        root.draw(&Text::new(cut(name, fits), at, style.clone()))?;
    }
    Ok(())
}

fn legend(chart: &Chart, root: &Area<'_>) -> Drawn {
    let bottom = SIZE.1 as i32 - 18;
    let width = (SIZE.0 as i32 - 80) / chart.series.len() as i32;
    for (s, series) in chart.series.iter().enumerate() {
        let left = 70 + s as i32 * width;
        root.draw(&Rectangle::new([(left, bottom), (left + 10, bottom + 10)], COLOURS[s % COLOURS.len()].filled()))?;
        let style = ("sans-serif", 12, &INK).into_text_style(root);
        root.draw(&Text::new(cut(&series.name, (width as usize).saturating_sub(20) / 7), (left + 14, bottom), style))?;
    }
    Ok(())
}

/// What the axis of values spans; nothing is always on it, so that bars are as long as what they show.
fn bounds(chart: &Chart) -> (f64, f64) {
    let values = || chart.series.iter().flat_map(|s| &s.values).flatten().copied();
    let (low, high) = (values().fold(0.0, f64::min), values().fold(0.0, f64::max));
    let room = (high - low) * 0.08;
    match (low < 0.0, high > 0.0) {
        (false, false) => (0.0, 1.0),
        (negative, positive) => (if negative { low - room } else { 0.0 }, if positive { high + room } else { 0.0 }),
    }
}

fn cut(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

/// A number with no more places than it needs.
fn short(value: f64) -> String {
    let text = format!("{value:.2}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// The picture with its title and its values in words.
fn described(chart: &Chart, picture: &str) -> Option<String> {
    let (head, rest) = picture.split_once('>')?;
    let unit = if chart.unit.is_empty() { String::new() } else { format!(" {}", chart.unit) };
    let told = |name: &String, value: &Option<f64>| match value {
        Some(value) => format!("{name} {}{unit}", short(*value)),
        None => format!("{name}: too little data"),
    };
    let series = |series: &super::Series| {
        let values: Vec<String> = chart.x.iter().zip(&series.values).map(|(name, value)| told(name, value)).collect();
        format!("{}: {}", series.name, values.join(", "))
    };
    let words = chart.series.iter().map(series).collect::<Vec<_>>().join("; ");
    let (title, words) = (escaped(&chart.title), escaped(&words));
    Some(format!(
        "{head} role=\"img\" aria-labelledby=\"t d\">\n<title id=\"t\">{title}</title>\n<desc id=\"d\">{words}</desc>{rest}"
    ))
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;").replace('\'', "&apos;")
}
