//! Draws a curve.

use std::fs;
use std::path::PathBuf;

use plotters::prelude::*;

/// What something costs over how much of something there is.
pub(super) struct Curve {
    /// What the chart's file is called.
    pub(super) name: &'static str,
    pub(super) over: &'static str,
    pub(super) unit: &'static str,
    pub(super) points: Vec<(usize, f64)>,
}

/// Draws a curve, and gives the file.
pub(super) fn draw(curve: &Curve) -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("benches");
    fs::create_dir_all(&folder).unwrap();
    let file = folder.join(format!("{}.svg", curve.name));
    let most = curve.points.iter().map(|(_, cost)| *cost).fold(0.0, f64::max);
    let (first, last) = (curve.points.first().unwrap().0.max(1), curve.points.last().unwrap().0);
    {
        let root = SVGBackend::new(&file, (720, 400)).into_drawing_area();
        root.fill(&WHITE).unwrap();
        let mut chart = ChartBuilder::on(&root)
            .caption(format!("{} over {}", curve.unit, curve.over), ("sans-serif", 18))
            .margin(12)
            .x_label_area_size(36)
            .y_label_area_size(56)
            .build_cartesian_2d((first as f64..last as f64).log_scale(), 0.0..most * 1.2)
            .unwrap();
        chart.configure_mesh().x_desc(curve.over).y_desc(curve.unit).draw().unwrap();
        let points = curve.points.iter().map(|(size, cost)| ((*size).max(1) as f64, *cost));
        chart.draw_series(LineSeries::new(points.clone(), &BLUE)).unwrap();
        chart.draw_series(points.map(|point| Circle::new(point, 3, BLUE.filled()))).unwrap();
        root.present().unwrap();
    }
    file
}
