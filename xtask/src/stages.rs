//! Stages of a check: which one waits for which, what each printed, and how long it took.
//!
//! Stages that run at the same time never mix their output. Each stage's output is shown whole when
//! the stage is over, and that of a failed stage again at the very end.

use std::{
    fs,
    panic::{self, AssertUnwindSafe},
    path::{Path, PathBuf},
    sync::mpsc,
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail};

use crate::shell::Output;

type Job<'a> = Box<dyn FnOnce(&Output) -> Result<()> + Send + 'a>;

struct Stage<'a> {
    title: String,
    after: Vec<String>,
    job: Job<'a>,
}

/// A stage that is over.
struct Over {
    title: String,
    began: Duration,
    took: Duration,
    printed: String,
    result: Result<()>,
}

/// The stages that are to run.
pub struct Plan<'a> {
    folder: PathBuf,
    start: Instant,
    stages: Vec<Stage<'a>>,
    over: Vec<Over>,
}

impl<'a> Plan<'a> {
    /// An empty plan. The time since `start` counts as the set-up. The stages' output goes into files
    /// in `folder`.
    pub fn new(start: Instant, folder: &Path) -> Self {
        let set_up = Over {
            title: "Set-up".to_owned(),
            began: Duration::ZERO,
            took: start.elapsed(),
            printed: String::new(),
            result: Ok(()),
        };
        Self { folder: folder.to_owned(), start, stages: Vec::new(), over: vec![set_up] }
    }

    /// Adds a stage. It begins when the stages named in `after` are over; a name that is not in the
    /// plan is ignored.
    pub fn stage(
        &mut self,
        title: &str,
        after: &[&str],
        job: impl FnOnce(&Output) -> Result<()> + Send + 'a,
    ) {
        let after = after.iter().copied().map(str::to_owned).collect();
        self.stages.push(Stage { title: title.to_owned(), after, job: Box::new(job) });
    }

    /// Runs one stage after the other, in the order in which they were added. Each prints as it goes.
    pub fn run(mut self) -> Result<()> {
        for stage in std::mem::take(&mut self.stages) {
            println!("\n==> {}", stage.title);
            let over = carry_out(stage, self.start, &Output::Terminal);
            let failed = over.result.is_err();
            self.over.push(over);
            if failed {
                break;
            }
        }
        self.conclude()
    }

    /// Runs up to `at_once` stages at a time, and gives the number of tests that passed.
    pub fn run_side_by_side(mut self, at_once: usize) -> Result<u64> {
        // The folder holds the output of this run only.
        let _ = fs::remove_dir_all(&self.folder);
        fs::create_dir_all(&self.folder)
            .with_context(|| format!("could not make {}", self.folder.display()))?;
        let mut waiting = std::mem::take(&mut self.stages);
        let mut running: Vec<String> = Vec::new();
        let (start, folder) = (self.start, self.folder.clone());
        let mut passed = 0;
        thread::scope(|scope| -> Result<()> {
            let (sender, receiver) = mpsc::channel();
            loop {
                let failed = self.over.iter().any(|it| it.result.is_err());
                while !failed
                    && running.len() < at_once
                    && let Some(next) = first_ready(&waiting, &running)
                {
                    let stage = waiting.remove(next);
                    println!("--> {} …", stage.title);
                    running.push(stage.title.clone());
                    let output = Output::File(folder.join(file_name(&stage.title)));
                    let sender = sender.clone();
                    scope.spawn(move || {
                        // Sending fails only when this program is about to end.
                        let _ = sender.send(carry_out(stage, start, &output));
                    });
                }
                if running.is_empty() {
                    break;
                }
                let over = receiver.recv().context("a stage vanished")?;
                running.retain(|it| *it != over.title);
                passed += tests_passed(&over.printed);
                let seconds = over.took.as_secs_f32();
                if over.result.is_ok() {
                    println!("\n==> {}: {seconds:.1} s\n{}", over.title, over.printed.trim_end());
                } else {
                    println!("\n==> {} failed after {seconds:.1} s", over.title);
                    if !running.is_empty() {
                        println!("    waiting for the end of: {}", running.join(", "));
                    }
                }
                self.over.push(over);
            }
            Ok(())
        })?;
        if !waiting.is_empty() && self.over.iter().all(|it| it.result.is_ok()) {
            bail!("these stages wait for each other: {}", titles(&waiting).join(", "));
        }
        self.conclude()?;
        Ok(passed)
    }

    /// Shows what failed, and how long everything took.
    fn conclude(self) -> Result<()> {
        for it in self.over.iter().filter(|it| it.result.is_err() && !it.printed.is_empty()) {
            println!("\n==> {}\n{}", it.title, it.printed.trim_end());
        }
        println!("\n{}", table(&self.over, self.start.elapsed()));
        self.over.into_iter().try_for_each(|it| it.result.context(it.title))
    }
}

fn titles<'s>(stages: &'s [Stage]) -> Vec<&'s str> {
    stages.iter().map(|it| &*it.title).collect()
}

/// The first stage whose predecessors are all over.
fn first_ready(waiting: &[Stage], running: &[String]) -> Option<usize> {
    let to_come = titles(waiting);
    waiting.iter().position(|stage| {
        stage.after.iter().all(|it| !to_come.contains(&&**it) && !running.contains(it))
    })
}

fn carry_out(stage: Stage, start: Instant, output: &Output) -> Over {
    let began = start.elapsed();
    // Other stages wait for this one's end, so a panic must count as an end.
    let result = panic::catch_unwind(AssertUnwindSafe(|| (stage.job)(output)))
        .unwrap_or_else(|_| bail!("a mistake in this tool itself"));
    let printed = match output {
        Output::Terminal => String::new(),
        // A stage that printed nothing has no file.
        Output::File(path) => fs::read(path)
            .map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
            .unwrap_or_default(),
    };
    Over { title: stage.title, began, took: start.elapsed().saturating_sub(began), printed, result }
}

fn file_name(title: &str) -> String {
    let words: Vec<&str> =
        title.split(|it: char| !it.is_alphanumeric()).filter(|it| !it.is_empty()).collect();
    format!("{}.log", words.join("-").to_lowercase())
}

/// The sum of the numbers in the test runners' last lines: `test result: ok. 7 passed; …`.
fn tests_passed(printed: &str) -> u64 {
    let results = printed.lines().filter_map(|line| line.trim().strip_prefix("test result: "));
    let counts = results.filter_map(|line| {
        let (before, _) = line.split_once(" passed")?;
        before.rsplit(' ').next()?.parse::<u64>().ok()
    });
    counts.sum()
}

/// When each stage began and how long it took, in seconds.
fn table(over: &[Over], all: Duration) -> String {
    let mut rows = vec![format!("{:>7} {:>7}  (seconds)", "began", "took")];
    rows.extend(over.iter().map(|it| {
        format!("{:>7.1} {:>7.1}  {}", it.began.as_secs_f32(), it.took.as_secs_f32(), it.title)
    }));
    rows.push(format!("{:>7} {:>7.1}  in all", "", all.as_secs_f32()));
    rows.join("\n")
}

#[cfg(test)]
mod tests {
    use std::env;
    use std::sync::Mutex;

    use super::*;

    fn folder(name: &str) -> PathBuf {
        env::temp_dir().join(format!("leftfold-stages-{}-{name}", std::process::id()))
    }

    #[test]
    fn a_stage_begins_once_those_it_waits_for_are_over() {
        let order = Mutex::new(Vec::new());
        let note = |it: &'static str| {
            order.lock().unwrap().push(it);
            Ok(())
        };
        let folder = folder("order");
        let mut plan = Plan::new(Instant::now(), &folder);
        plan.stage("last", &["first", "second", "not in the plan"], |_| note("last"));
        plan.stage("second", &["first"], |_| note("second"));
        plan.stage("first", &[], |_| note("first"));
        assert_eq!(plan.run_side_by_side(3).unwrap(), 0);
        assert_eq!(*order.lock().unwrap(), ["first", "second", "last"]);
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn after_a_failure_nothing_new_begins_and_the_failure_is_told() {
        let folder = folder("failure");
        let mut plan = Plan::new(Instant::now(), &folder);
        plan.stage("breaks", &[], |_| bail!("it broke"));
        plan.stage("never", &["breaks"], |_| panic!("this must not begin"));
        let told = format!("{:#}", plan.run_side_by_side(2).unwrap_err());
        assert_eq!(told, "breaks: it broke");
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn stages_that_wait_for_each_other_are_named() {
        let folder = folder("circle");
        let mut plan = Plan::new(Instant::now(), &folder);
        plan.stage("hen", &["egg"], |_| Ok(()));
        plan.stage("egg", &["hen"], |_| Ok(()));
        let told = plan.run_side_by_side(2).unwrap_err().to_string();
        assert_eq!(told, "these stages wait for each other: hen, egg");
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn passed_tests_are_counted_over_all_runners() {
        let printed = "\ntest result: ok. 12 passed; 0 failed; 0 ignored\nother\n\
                       test result: FAILED. 3 passed; 1 failed\n";
        assert_eq!(tests_passed(printed), 15);
    }
}
