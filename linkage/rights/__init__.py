"""本人の請求: disclosure, correction, stop of use, deletion and stop of provision, with the law's time limits."""
